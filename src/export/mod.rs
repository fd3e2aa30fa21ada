//! Section sinks: interpreted sections into HDF5 and SEG-Y files.
