//! From labelled sections to batches: splits, leak count, samplers of patches and crops, balance, augmentation.
