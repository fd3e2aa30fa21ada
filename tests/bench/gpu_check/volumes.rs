//! How much two class volumes of one cube differ.

use std::path::Path;

use facies::grid::Section;
use facies::volume::{SegyVolume, SegyVolumeOptions, Volume};
use ndarray::Array2;

use crate::Failure;

/// Prints the number of voxels that differ, in 10,000.
pub(crate) fn compare(one: &Path, other: &Path) -> Result<(), Failure> {
    let open = |path: &Path| SegyVolume::open(path, &SegyVolumeOptions::default());
    let volumes = [open(one)?, open(other)?];
    let [inlines, crosslines, samples] = volumes[0].geometry().shape();
    if volumes[1].geometry().shape() != [inlines, crosslines, samples] {
        return Err(format!("{} and {} have different shapes", one.display(), other.display()).into());
    }
    let mut sections = [0, 1].map(|_| Array2::zeros((crosslines, samples)));
    let mut changed = 0;
    for inline in 0..inlines {
        for (volume, section) in volumes.iter().zip(&mut sections) {
            volume.read_section(Section::inline(inline), section.view_mut())?;
        }
        changed += sections[0].iter().zip(&sections[1]).filter(|(a, b)| a != b).count();
    }
    println!("{:.2}", changed as f64 / (inlines * crosslines * samples) as f64 * 1e4);
    Ok(())
}
