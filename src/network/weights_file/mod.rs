//! Files of weights that other programs wrote: safetensors, PyTorch's two formats, and Keras' HDF5.
//!
//! PyTorch's files are Python pickles, programs that build objects. Only the instructions that state dictionaries
//! consist of are understood, and none of them runs anything.

mod budget;
mod keras;
mod keras_h5;
mod keras_layers;
mod pickle;
mod reader;
mod safetensors_file;
mod state_dict;
mod storage;
mod torch_legacy;
mod torch_zip;

pub(super) use reader::{WeightsFile, read_weights_file};
