//! The classes that a published network finds most probable in pictures, with their shares, best first.
//!
//! `cargo run --release --example classify_picture -- mobilenet_v2 mobilenet_v2-b0353104.pth cat.png dog.jpg`

use std::error::Error;

use facies::dataset::pictures::{Fit, read_picture};
use facies::network::{Backbone, DeviceChoice, PictureNetwork, Pretrained};
use ndarray::Axis;

const SHOWN: usize = 5;

#[expect(clippy::print_stdout, reason = "an example shows its answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, weights, pictures @ ..] = &arguments[..] else {
        return Err("usage: classify_picture NETWORK WEIGHTS PICTURE...".into());
    };
    let backbone: Backbone = network.parse()?;
    let side = backbone.published_side();
    let network = PictureNetwork::published(backbone, side, &Pretrained::read(weights.as_ref())?)?;
    let predictor = network.predictor(DeviceChoice::Auto.open()?[0])?;

    for path in pictures {
        let pixels = read_picture(path.as_ref())?.resized([side, side], Fit::Crop)?;
        let mut input = pixels.permuted_axes([2, 0, 1]).mapv(|value| f32::from(value) / 255.0);
        network.normalization().apply(input.view_mut());

        let shares = predictor.patch_probabilities(input.view().insert_axis(Axis(0)))?;
        let mut ranked: Vec<(usize, f32)> = shares.iter().copied().enumerate().collect();
        ranked.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let best: Vec<_> = ranked.iter().take(SHOWN).map(|(class, share)| format!("{class}:{share}")).collect();
        println!("{path} {}", best.join(" "));
    }
    Ok(())
}
