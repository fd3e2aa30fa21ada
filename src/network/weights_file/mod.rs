//! Files of weights that other programs wrote: safetensors, and PyTorch's two formats.
//!
//! PyTorch's files are Python pickles, programs that build objects. Only the instructions that state dictionaries
//! consist of are understood, and none of them runs anything.

mod pickle;
mod reader;
mod safetensors_file;
mod state_dict;
mod storage;
mod torch_legacy;
mod torch_zip;

pub(super) use reader::read_weights_file;
