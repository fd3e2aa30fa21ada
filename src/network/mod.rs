//! Networks on libtorch: layers, architectures, pretrained weights, both forms, the learner and the model file.
//!
//! The only room that names `tch`; tensors never leave it.
