//! Features of photographs beside PyTorch: from the files to one row of numbers each.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use facies::dataset::pictures::{Fit, PictureFolder, SYNTHETIC_CLASSES, SyntheticPictures, write_synthetic};
use facies::network::{
    Backbone, Device, Head, Normalization, PictureDescription, PictureInput, PictureModel, Pooling, Top, set_threads,
};
use facies::predict::pictures::{Bottlenecks, update_bottlenecks};
use serde_json::json;

use crate::clock::{Measurement, in_turn, seconds};
use crate::peer::Peer;
use crate::row::{Better, Findings, Row};
use crate::{Context, Failure};

/// Features are made at no less than PyTorch's rate.
const PROMISE: f64 = 1.0;
const NETWORKS: [Backbone; 2] = [Backbone::MobilenetV2, Backbone::Resnet18];
const SIDE: usize = 224;

pub(crate) fn measure(context: &Context<'_>) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    let root = context.folder.join("pictures");
    let drawn = SyntheticPictures { side: 320, per_class: context.size(24, 2), seed: 7 };
    write_synthetic(&drawn, &root)?;
    let folder = PictureFolder::scan(&root)?;
    let models: Vec<_> = NETWORKS.into_iter().map(model).collect::<Result<_, _>>()?;
    let files: Vec<_> = NETWORKS.map(|network| context.folder.join(format!("{}.safetensors", network.name()))).into();
    models.iter().zip(&files).try_for_each(|(model, file)| model.save(file))?;
    let threads = context.threads.to_string();
    let arguments: Vec<_> =
        [threads.as_ref(), root.as_os_str()].into_iter().chain(files.iter().map(|file| file.as_os_str())).collect();
    let peer = RefCell::new(Peer::start("pictures_speed_torch.py", &arguments, &mut findings.notes)?);
    findings.notes.push(format!(
        "{} drawn PNG files of {} x {1} pixels, decoded, brought to {SIDE} x {SIDE}, normalised and sent through the network in \
         batches of 32. PyTorch is given the better of two ways: one picture after the other (Pillow), or a batch read ahead by \
         as many threads",
        folder.pictures().len(),
        drawn.side,
    ));
    set_threads(context.threads);
    for (place, (network, model)) in NETWORKS.iter().zip(&models).enumerate() {
        let ours = context.folder.join("bottlenecks.safetensors");
        let make: Measurement<'_> = Box::new(|_| {
            let _ = fs::remove_file(&ours);
            seconds(|| bottlenecks(model, &folder, &ours).map(drop))
        });
        let ask = |ahead: bool| -> Measurement<'_> {
            let peer = &peer;
            Box::new(move |_| match peer.borrow_mut().as_mut() {
                None => Ok(f64::NAN),
                Some(peer) => peer.seconds(&json!({ "case": "features", "model": place, "ahead": ahead })),
            })
        };
        let figures = in_turn(context.size(5, 1), Better::Less, &mut [make, ask(false), ask(true)])?;
        let theirs = if figures[1].best <= figures[2].best { figures[1] } else { figures[2] };
        let count = folder.pictures().len() as f64;
        let rate = |seconds: f64| count / seconds;
        let name = peer.borrow().as_ref().map(|peer| peer.name().to_owned());
        findings.rows.push(Row {
            subject: format!("{} features of photographs, {threads} threads", network.title()),
            ours: figures[0].map(rate),
            peer: name.clone().unwrap_or_else(|| "PyTorch".to_owned()) + &format!(", {threads} threads"),
            theirs: name.is_some().then(|| theirs.map(rate)),
            unit: "pictures/s",
            better: Better::More,
            at_least: Some(PROMISE),
        });
        if let Some(peer) = peer.borrow_mut().as_mut() {
            let made = bottlenecks(model, &folder, &ours)?;
            findings.notes.push(format!("{}: {}", network.title(), agreement(peer, place, &made, context.folder)?));
        }
    }
    Ok(findings)
}

/// The network with seeded weights, normalised as if they were ImageNet's.
fn model(backbone: Backbone) -> Result<PictureModel, Failure> {
    let head = Head { hidden: Vec::new(), dropout: 0.0, batch_norm: false, batch_norm_scores: false };
    let description = PictureDescription {
        version: PictureDescription::VERSION,
        backbone,
        top: Top { pooling: Pooling::Average, batch_norm_features: false, head },
        pictures: PictureInput { side: SIDE, fit: Fit::Stretch, normalization: Normalization::ImageNet },
        classes: SYNTHETIC_CLASSES.map(str::to_owned).into(),
        pretrained: None,
        seed: 1,
    };
    Ok(PictureModel::new(description, None)?)
}

fn bottlenecks(model: &PictureModel, folder: &PictureFolder, file: &Path) -> Result<Bottlenecks, Failure> {
    let go_on = AtomicBool::new(false);
    Ok(update_bottlenecks(model, Device::cpu(), &[("train", folder)], file, &go_on, &mut |_| {})?.0)
}

/// The largest difference of our features from the peer's, as a share of the peer's largest feature.
fn agreement(peer: &mut Peer, place: usize, made: &Bottlenecks, folder: &Path) -> Result<String, Failure> {
    let path = folder.join("features.f32");
    peer.ask(&json!({ "case": "features", "model": place, "ahead": false, "save": path }))?;
    let bytes = fs::read(&path)?;
    let theirs: Vec<f32> =
        bytes.chunks_exact(4).map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]])).collect();
    let ours = made.inputs(&made.sets()[0]);
    if theirs.len() != ours.len() {
        return Err(format!("{} features, the peer has {}", ours.len(), theirs.len()).into());
    }
    let largest = theirs.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    let difference = ours.iter().zip(&theirs).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
    Ok(format!("features differ from PyTorch's by at most {:.1e} of the largest", difference / largest))
}
