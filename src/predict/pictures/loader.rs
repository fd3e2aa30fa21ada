//! Pictures as a network wants them.

use ndarray::{Array3, Array4, Axis};

use crate::dataset::pictures::{PictureFile, PictureShape, UnreadablePicture};
use crate::network::PictureInput;

/// A picture at the size of `input`, normalised: `[channel, row, column]`.
pub(super) fn picture_input(file: &PictureFile, input: PictureInput) -> Result<Array3<f32>, UnreadablePicture> {
    let mut image = shape(input).load(file)?;
    input.normalization.apply(image.view_mut());
    Ok(image)
}

/// `[picture, channel, row, column]`.
pub(super) fn stacked(images: &[Array3<f32>], input: PictureInput) -> Array4<f32> {
    let mut values = Array4::zeros((images.len(), 3, input.side, input.side));
    values.axis_iter_mut(Axis(0)).zip(images).for_each(|(mut to, from)| to.assign(from));
    values
}

fn shape(input: PictureInput) -> PictureShape {
    PictureShape { size: [input.side, input.side], fit: input.fit }
}
