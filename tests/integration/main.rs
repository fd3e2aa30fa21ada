//! The one integration binary: what a user of the program and a reader of its source can rely on.
#![cfg(test)]

mod data_samples;
mod exported_volumes;
mod golden_logits;
mod batches;
mod command_line;
mod continuation;
mod refusals;
mod tidy;
mod workshop;
