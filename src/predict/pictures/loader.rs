//! Pictures as a network wants them.

use crate::dataset::pictures::{LoadedPictures, PictureFile, PictureFolderError, PictureShape, load_pictures};
use crate::network::PictureInput;

/// Pictures at the size of `input`, normalised: `[picture, channel, row, column]`.
pub(super) fn network_input(files: &[PictureFile], input: PictureInput) -> Result<LoadedPictures, PictureFolderError> {
    let shape = PictureShape { size: [input.side, input.side], fit: input.fit };
    let mut loaded = load_pictures(files, shape)?;
    loaded.pixels.outer_iter_mut().for_each(|picture| input.normalization.apply(picture));
    Ok(loaded)
}
