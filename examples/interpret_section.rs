//! Interprets one inline of a cube with a trained model and counts the classes.
//!
//! `cargo run --release --example interpret_section -- runs/demo/model.safetensors data-samples/synthetic.sgy 112`

use std::error::Error;

use facies::dataset::Padding;
use facies::grid::Plane;
use facies::network::{DeviceChoice, Model};
use facies::predict::{Engine, SectionWindow, section_probabilities};
use facies::volume::{ScaledSection, SegyVolume, SegyVolumeOptions, Volume};
use ndarray::ArrayView1;

#[expect(clippy::print_stdout, reason = "an example shows its answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let [_, model, cube, inline]: [String; 4] = std::env::args()
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "usage: interpret_section MODEL CUBE.sgy INLINE")?;
    let devices = DeviceChoice::Auto.open()?;
    let model = Model::load(model.as_ref())?;
    let volume = SegyVolume::open(cube, &SegyVolumeOptions::default())?;
    let section =
        volume.geometry().find_section(Plane::Inline, inline.parse()?).ok_or("the cube has no such inline")?;

    let ScaledSection { channels, live } = model.description.reader(&volume, &[])?.read(section)?;

    let predictor = model.predictor(devices[0])?;
    let window = SectionWindow::whole(channels.shape());
    let live = ArrayView1::from(&live);
    let probability = section_probabilities(&predictor, Engine::DENSE, Padding::Zero, &channels, live, &window)?;
    for (code, class) in model.description.classes.iter().enumerate() {
        let share = probability.index_axis(ndarray::Axis(0), code).mean().unwrap_or(0.0);
        println!("{:>5.1} %  {}", 100.0 * share, class.name);
    }
    Ok(())
}
