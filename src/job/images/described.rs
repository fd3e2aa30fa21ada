//! Pictures as rows of features.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, ArrayView3};
use rayon::prelude::*;

use crate::analysis::Part;
use crate::analysis::features::{FeatureBank, Subject};
use crate::dataset::pictures::{
    Fingerprint, PictureFile, PictureFolder, PictureShape, UnreadablePicture, content_hash, load_pictures, read_bytes,
};
use crate::job::{JobEvent, Listener, RunError};
use crate::predict::pictures::PictureProgress;

/// Memory for the pixels of the pictures that are described at a time.
const BATCH_BYTES: usize = 256 << 20;
/// Most pictures that are described at a time.
const BATCH: usize = 64;

/// What is known of pictures, in their order.
pub(super) struct Described {
    /// Features, and SHA-256 of the file; none for those that cannot be read.
    rows: Vec<Option<(Vec<f32>, String)>>,
    codes: Vec<u8>,
    /// The others, and why.
    pub(super) unreadable: Vec<UnreadablePicture>,
}

/// Describes pictures at the size and proportion of `shape`, a bounded number at a time.
///
/// # Errors
/// When the shape has no meaning, or on interruption.
pub(super) fn describe(
    files: &[PictureFile],
    shape: PictureShape,
    bank: &FeatureBank,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<Described, RunError> {
    listener.notice(&JobEvent::Stage(&format!("describing {} pictures", files.len())));
    let codes = files.iter().map(|file| file.class).collect();
    let mut described = Described { rows: Vec::with_capacity(files.len()), codes, unreadable: Vec::new() };
    let picture_bytes = 3 * shape.size[0] * shape.size[1] * size_of::<f32>();
    let batch = (BATCH_BYTES / picture_bytes.max(1)).clamp(1, BATCH);
    for files_of_batch in files.chunks(batch) {
        if interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let loaded = load_pictures(files_of_batch, shape)?;
        let pictures: Vec<_> = loaded.places.iter().zip(loaded.pixels.outer_iter()).collect();
        let describe = |(&place, pixels): (&usize, ArrayView3<'_, f32>)| {
            let bytes = read_bytes(&files_of_batch[place].path);
            // A file that went away since it was decoded is like no other.
            let content = bytes.map_or_else(|_| String::new(), |bytes| content_hash(&bytes));
            (place, (bank.describe(Subject::Picture(pixels)), content))
        };
        let mut rows = vec![None; files_of_batch.len()];
        for (place, row) in pictures.into_par_iter().map(describe).collect::<Vec<_>>() {
            rows[place] = Some(row);
        }
        described.rows.extend(rows);
        described.unreadable.extend(loaded.unreadable);
        let done = described.rows.len();
        listener.notice(&JobEvent::Pictures(&PictureProgress { done, of: files.len() }));
    }
    Ok(described)
}

/// Looks at every picture of a folder, so that those that are alike can be kept together.
///
/// # Errors
/// On interruption.
pub(super) fn fingerprints(
    folder: &PictureFolder,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<Vec<Result<Fingerprint, UnreadablePicture>>, RunError> {
    let files = folder.pictures();
    listener.notice(&JobEvent::Stage(&format!("looking for pictures that are alike among {}", files.len())));
    let mut prints = Vec::with_capacity(files.len());
    for batch in files.chunks(BATCH) {
        if interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        prints.par_extend(batch.par_iter().map(|file| Fingerprint::of_file(&file.path)));
        listener.notice(&JobEvent::Pictures(&PictureProgress { done: prints.len(), of: files.len() }));
    }
    Ok(prints)
}

impl Described {
    /// The pictures by part, `part_of` each of them; those without a part are left out.
    pub(super) fn parts(&self, names: &[String], part_of: &[Option<usize>]) -> Vec<Part> {
        let columns = self.rows.iter().flatten().next().map_or(0, |(values, _)| values.len());
        let part = |(place, name): (usize, &String)| {
            let members = || part_of.iter().enumerate().filter(move |(_, part)| **part == Some(place));
            let rows = || members().filter_map(|(at, _)| Some((self.rows[at].as_ref()?, self.codes[at])));
            let codes: Vec<_> = rows().map(|(_, code)| code).collect();
            let values = rows().flat_map(|((values, _), _)| values.iter().copied()).collect();
            let features =
                Array2::from_shape_vec((codes.len(), columns), values).expect("all pictures have equal features");
            Part { name: name.clone(), features, codes }
        };
        names.iter().enumerate().map(part).collect()
    }

    /// How many pictures of the parts from the second on have the content of one of the first.
    pub(super) fn shared_with_first(&self, part_of: &[Option<usize>]) -> u64 {
        let contents = || self.rows.iter().zip(part_of).filter_map(|(row, part)| Some((&row.as_ref()?.1, (*part)?)));
        let first: std::collections::BTreeSet<_> = contents()
            .filter(|(content, part)| *part == 0 && !content.is_empty())
            .map(|(content, _)| content)
            .collect();
        contents().filter(|(content, part)| *part > 0 && first.contains(content)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dataset::pictures::{Fit, SyntheticPictures, write_synthetic};

    /// Counts what it is told of pictures.
    #[derive(Default)]
    struct Counts(Vec<(usize, usize)>);

    impl Listener for Counts {
        fn notice(&mut self, event: &JobEvent<'_>) {
            if let JobEvent::Pictures(progress) = event {
                self.0.push((progress.done, progress.of));
            }
        }
    }

    const SHAPE: PictureShape = PictureShape { size: [16, 16], fit: Fit::Stretch };

    #[test]
    fn pictures_become_rows_in_their_order_and_those_that_cannot_be_read_leave_a_gap() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("drawn");
        write_synthetic(&SyntheticPictures { side: 24, per_class: 20, seed: 3 }, &root).unwrap();
        fs::copy(root.join("grains/grains_02.png"), root.join("layers/again.png")).unwrap();
        fs::write(root.join("crossbeds/crossbeds_03.png"), b"torn").unwrap();
        let folder = PictureFolder::scan(&root).unwrap();
        let (bank, go_on) = (FeatureBank::of_pictures(), AtomicBool::new(false));
        let mut counts = Counts::default();
        let described = describe(folder.pictures(), SHAPE, &bank, &mut counts, &go_on).unwrap();
        assert_eq!(counts.0, [(64, 81), (81, 81)]);
        assert!(described.unreadable.len() == 1 && described.unreadable[0].path.ends_with("crossbeds_03.png"));

        let names = ["train", "held_out"].map(str::to_owned);
        let part_of: Vec<_> = (0..81).map(|place| (place != 9).then_some(usize::from(place >= 60))).collect();
        let parts = described.parts(&names, &part_of);
        // Of the first 60 one is torn and one has no part.
        assert_eq!([parts[0].codes.len(), parts[1].codes.len()], [58, 21]);
        assert!(parts[0].codes.is_sorted() && parts[1].codes.iter().all(|&code| code == 3));
        let alone = describe(&folder.pictures()[10..11], SHAPE, &bank, &mut counts, &go_on).unwrap();
        let alone = alone.parts(&names[..1], &[Some(0)]);
        assert_eq!(parts[0].features.row(8), alone[0].features.row(0), "whatever is described beside it");
        assert_eq!(described.shared_with_first(&part_of), 1);
    }

    #[test]
    fn an_interruption_ends_the_work_between_two_batches() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("drawn");
        write_synthetic(&SyntheticPictures { side: 16, per_class: 1, seed: 3 }, &root).unwrap();
        let folder = PictureFolder::scan(&root).unwrap();
        let stop = AtomicBool::new(true);
        let described = describe(folder.pictures(), SHAPE, &FeatureBank::of_pictures(), &mut Counts::default(), &stop);
        assert!(matches!(described, Err(RunError::Interrupted)));
        assert!(matches!(fingerprints(&folder, &mut Counts::default(), &stop), Err(RunError::Interrupted)));
    }
}
