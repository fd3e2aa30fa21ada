//! A root folder with one sub-folder of pictures for each class.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::error::PictureFolderError;

/// How names of pictures end, in any case. What a file is, its content says.
pub const EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp"];

/// The pictures of a folder, class by class.
///
/// Classes are the sub-folders in the order of their names' code points, so `B` before `a`; pictures within a class go in the
/// same order. Names that begin with a dot are passed over. Links are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFolder {
    root: PathBuf,
    classes: Vec<String>,
    pictures: Vec<PictureFile>,
    passed_over: Vec<PathBuf>,
}

/// One picture of a [`PictureFolder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its class, as the place among [`PictureFolder::classes`].
    pub class: u8,
}

impl PictureFile {
    /// The name of the file without folders.
    pub fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }
}

impl PictureFolder {
    /// Most classes, so that a code fits one byte beside "no class".
    pub const MOST_CLASSES: usize = 254;

    /// Lists the pictures of `root`, without opening them.
    ///
    /// # Errors
    /// When `root` or a class cannot be read, is empty, or pictures lie on another level.
    pub fn scan(root: &Path) -> Result<Self, PictureFolderError> {
        if !root.is_dir() {
            return Err(PictureFolderError::NoFolder { path: root.to_owned() });
        }
        let (folders, files): (Vec<_>, Vec<_>) = list(root)?.into_iter().partition(|path| path.is_dir());
        let (loose, mut passed_over): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_picture_name(path));
        if folders.is_empty() {
            return Err(match loose.len() {
                0 => PictureFolderError::Nothing { path: root.to_owned() },
                pictures => PictureFolderError::TooDeep { path: root.to_owned(), pictures },
            });
        }
        if folders.len() > Self::MOST_CLASSES {
            return Err(PictureFolderError::TooManyClasses { path: root.to_owned(), count: folders.len() });
        }
        passed_over.extend(loose);
        let (mut classes, mut empty, mut deeper) = (Vec::new(), Vec::new(), Vec::new());
        let mut pictures = Vec::new();
        for (code, folder) in (0..).zip(&folders) {
            let name = folder.file_name().and_then(OsStr::to_str);
            let name = name.ok_or_else(|| PictureFolderError::Name { path: folder.clone() })?;
            classes.push(name.to_owned());
            let (own, other): (Vec<_>, Vec<_>) =
                list(folder)?.into_iter().partition(|path| is_picture_name(path) && !path.is_dir());
            if own.is_empty() {
                empty.push(name.to_owned());
                deeper.extend(other.iter().any(|path| holds_pictures(path)).then(|| folder.clone()));
            }
            passed_over.extend(other);
            pictures.extend(own.into_iter().map(|path| PictureFile { path, class: code }));
        }
        match deeper.into_iter().next() {
            Some(deeper) if pictures.is_empty() => Err(PictureFolderError::TooHigh { path: root.to_owned(), deeper }),
            _ if !empty.is_empty() => Err(PictureFolderError::EmptyClasses { classes: empty }),
            _ => Ok(Self { root: root.to_owned(), classes, pictures, passed_over }),
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Class names in code order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The pictures, class by class.
    pub fn pictures(&self) -> &[PictureFile] {
        &self.pictures
    }

    /// `class/file`, as tables have it.
    pub fn name_of(&self, picture: &PictureFile) -> String {
        format!("{}/{}", self.classes[usize::from(picture.class)], picture.name().to_string_lossy())
    }

    /// Files and folders that are not looked at: other kinds of files, pictures beside the class folders, folders beside
    /// the pictures.
    pub fn passed_over(&self) -> &[PathBuf] {
        &self.passed_over
    }

    /// Some of the pictures, by their places; the classes stay.
    pub fn part(&self, places: &[usize]) -> Self {
        let pictures = places.iter().map(|&place| self.pictures[place].clone()).collect();
        Self { pictures, passed_over: Vec::new(), ..self.clone() }
    }

    /// The pictures of a folder that are listed as `class/file` with the codes of `classes`, in the order of the list.
    ///
    /// # Errors
    /// When the folder cannot be read, or one of them is there no more.
    pub fn listed(root: &Path, classes: &[String], listed: &[(&str, u8)]) -> Result<Self, PictureFolderError> {
        let there = Self::scan(root)?;
        let files: HashMap<String, &PictureFile> =
            there.pictures.iter().map(|file| (there.name_of(file), file)).collect();
        let picture = |&(name, class): &(&str, u8)| match files.get(name) {
            Some(file) => Ok(PictureFile { path: file.path.clone(), class }),
            None => Err(PictureFolderError::Gone { path: root.to_owned(), picture: name.to_owned() }),
        };
        let pictures = listed.iter().map(picture).collect::<Result<_, _>>()?;
        Ok(Self { root: root.to_owned(), classes: classes.to_vec(), pictures, passed_over: Vec::new() })
    }

    /// How many pictures each class has.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        self.pictures.iter().for_each(|picture| counts[usize::from(picture.class)] += 1);
        counts
    }

    /// Refuses a folder that holds but one class.
    ///
    /// # Errors
    /// Just then.
    pub fn check_classes(&self) -> Result<(), PictureFolderError> {
        match self.classes.as_slice() {
            [class] => Err(PictureFolderError::SingleClass { path: self.root.clone(), class: class.clone() }),
            _ => Ok(()),
        }
    }

    /// The same pictures with the class codes of `training`; some of its classes may have none here.
    ///
    /// # Errors
    /// When a class is not among those of `training`.
    pub fn with_classes_of(mut self, training: &Self) -> Result<Self, PictureFolderError> {
        let known = &training.classes;
        let code_of =
            |class: &String| known.iter().position(|other| other == class).and_then(|code| u8::try_from(code).ok());
        let unknown: Vec<_> = self.classes.iter().filter(|class| code_of(class).is_none()).cloned().collect();
        if !unknown.is_empty() {
            let (path, training) = (self.root, training.root.clone());
            return Err(PictureFolderError::UnknownClasses { path, training, unknown, known: known.clone() });
        }
        let codes: Vec<_> = self.classes.iter().filter_map(code_of).collect();
        self.pictures.iter_mut().for_each(|picture| picture.class = codes[usize::from(picture.class)]);
        self.classes.clone_from(known);
        Ok(self)
    }
}

/// All pictures of a folder and of the folders in it, at any depth, with the names from the folder on; in the order of these.
/// Folders that are links are passed over, since they may lead back.
///
/// # Errors
/// When a folder cannot be read.
pub fn find_pictures(root: &Path) -> Result<Vec<(PathBuf, Vec<String>)>, PictureFolderError> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), Vec::new())];
    while let Some((folder, above)) = open.pop() {
        for path in list(&folder)? {
            let mut names: Vec<String> = above.clone();
            names.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
            if path.is_dir() {
                if !path.is_symlink() {
                    open.push((path, names));
                }
            } else if is_picture_name(&path) {
                found.push((path, names));
            }
        }
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(found)
}

/// What is in a folder, in the order of names, but for hidden files.
fn list(folder: &Path) -> Result<Vec<PathBuf>, PictureFolderError> {
    let failed = |source| PictureFolderError::Unreadable { path: folder.to_owned(), source };
    let mut names: Vec<OsString> = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
    names.sort_unstable();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Whether a file is called as pictures are.
pub fn is_picture_name(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Whether pictures lie directly in a folder.
fn holds_pictures(path: &Path) -> bool {
    path.is_dir() && list(path).is_ok_and(|inside| inside.iter().any(|path| is_picture_name(path)))
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic;

    use super::*;

    /// A folder with these files, all empty; names that end in a slash are folders.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            if name.ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, []).unwrap();
            }
        }
        folder
    }

    fn names(folder: &PictureFolder) -> Vec<(u8, String)> {
        let name = |picture: &PictureFile| (picture.class, picture.name().to_str().unwrap().to_owned());
        folder.pictures().iter().map(name).collect()
    }

    #[test]
    fn classes_and_pictures_stand_in_the_order_of_their_names_whatever_is_in_them() {
        let files = [
            "a/2.png",
            "a/10.JPG",
            "a/line\nbreak.webp",
            "a/.hidden.png",
            "a/notes.txt",
            "a/sub/5.png",
            "Zürich mit Föhn/ü 1.tif",
            ".git/3.png",
            "loose.png",
            "new\nline/x.gif",
        ];
        let folder = folder(&files);
        let scanned = PictureFolder::scan(folder.path()).unwrap();
        assert_eq!(scanned.classes(), ["Zürich mit Föhn", "a", "new\nline"]);
        let expected = [(0, "ü 1.tif"), (1, "10.JPG"), (1, "2.png"), (1, "line\nbreak.webp"), (2, "x.gif")];
        assert_eq!(names(&scanned), expected.map(|(class, name)| (class, name.to_owned())));
        assert_eq!(scanned.counts(), [1, 3, 1]);
        let passed_over: Vec<_> = scanned.passed_over().iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(passed_over, ["loose.png", "notes.txt", "sub"]);
    }

    #[test]
    fn a_folder_that_is_none_of_classes_is_explained() {
        for (files, error, help) in [
            (&["a.png", "b.png"] as &[_], "holds 2 pictures and no folder", "one level too deep"),
            (&["train/a/1.png", "train/b/1.png", "test/a/1.png"], "hold no pictures, but folders", "/test"),
            (&["a/1.png", "b/", "c/notes.txt"], "no picture is in the folder of `b`, `c`", "ending in jpg"),
            (&["a/1.png", "b/x/1.png"], "no picture is in the folder of `b`", "ending in jpg"),
            (&["notes.txt"], "holds neither pictures nor folders", "one sub-folder"),
            (&[], "holds neither pictures nor folders", "one sub-folder"),
        ] {
            let folder = folder(files);
            let refused = PictureFolder::scan(folder.path()).unwrap_err();
            assert!(refused.to_string().contains(error), "{refused}");
            assert!(refused.help().unwrap().to_string().contains(help), "{}", refused.help().unwrap());
        }
        let folder = folder(&["a/1.png"]);
        let absent = PictureFolder::scan(&folder.path().join("none"));
        assert!(matches!(absent, Err(PictureFolderError::NoFolder { .. })));
        assert!(matches!(
            PictureFolder::scan(&folder.path().join("a/1.png")),
            Err(PictureFolderError::NoFolder { .. })
        ));
        let single = PictureFolder::scan(folder.path()).unwrap();
        assert!(matches!(single.check_classes(), Err(PictureFolderError::SingleClass { class, .. }) if class == "a"));
        let many: Vec<_> = (0..255).map(|class| format!("{class}/1.png")).collect();
        let many = self::folder(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let refused = PictureFolder::scan(many.path());
        assert!(matches!(refused, Err(PictureFolderError::TooManyClasses { count: 255, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_class_that_may_not_be_read_is_not_left_out_unseen() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder(&["a/1.png", "b/1.png"]);
        let closed = folder.path().join("b");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        // The administrator may read everything.
        if fs::read_dir(&closed).is_ok() {
            println!("skipped: this user may read every folder");
        } else {
            let refused = PictureFolder::scan(folder.path());
            assert!(matches!(refused, Err(PictureFolderError::Unreadable { path, .. }) if path == closed));
        }
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn codes_of_other_folders_follow_the_training_classes_or_the_difference_is_named() {
        let training = folder(&["a/1.png", "b/1.png", "c/1.png"]);
        let validation = folder(&["a/2.png", "c/3.png"]);
        let [training, validation] =
            [training.path(), validation.path()].map(|path| PictureFolder::scan(path).unwrap());
        let matched = validation.clone().with_classes_of(&training).unwrap();
        assert_eq!(names(&matched), [(0, "2.png".to_owned()), (2, "3.png".to_owned())]);
        assert_eq!((matched.classes(), matched.counts()), (training.classes(), vec![1, 0, 1]));
        let refused = training.with_classes_of(&validation).unwrap_err();
        assert!(refused.to_string().contains("has `b` that"), "{refused}");
        assert!(refused.help().unwrap().to_string().ends_with("`a`, `c`"));
    }
}
