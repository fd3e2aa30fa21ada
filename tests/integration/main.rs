//! The one integration binary: what a user of the program and a reader of its source can rely on.
#![cfg(test)]

mod augmentation;
mod batches;
mod calibration;
mod channels;
mod command_line;
mod comparisons;
mod data_samples;
mod engines;
mod exported_volumes;
mod folds;
#[cfg(unix)]
mod full_disk;
mod golden_logits;
mod images;
#[cfg(unix)]
mod killed_predictions;
mod picture_jobs;
mod pretrained_networks;
mod real_surveys;
#[cfg(unix)]
mod recipes;
mod refusals;
#[cfg(unix)]
mod resume;
mod tidy;
mod uncertainty;
mod whole_run;
mod workshop;
