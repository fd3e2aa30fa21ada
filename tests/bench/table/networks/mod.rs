//! Networks: the dense engine beside the patch engine, both beside PyTorch's eager mode and the convolution peak, and the ways
//! to divide the work beside each other.

mod comparison;
mod eager;
mod formulations;
#[path = "../../subject.rs"]
mod subject;

pub(crate) use comparison::measure;
