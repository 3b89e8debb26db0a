//! The files of `policies/` as text: from a folder, or as they were when the program was built.

use std::{collections::BTreeMap, fs, path::Path};

use include_dir::{Dir, include_dir};

use super::LoadError;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// Texts by their path relative to `policies/`, with `/` between folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, String>);

impl Files {
    /// Every file below `folder`, hidden ones excepted. Fails on the first that cannot be read as UTF-8 text.
    pub fn from_dir(folder: &Path) -> Result<Self, LoadError> {
        let mut files = Self::default();
        files.read(folder, "")?;
        Ok(files)
    }

    fn read(&mut self, folder: &Path, prefix: &str) -> Result<(), LoadError> {
        let fault = |name: &str, error: std::io::Error| LoadError {
            file: format!("{prefix}{name}"),
            line: None,
            reason: format!("cannot be read: {error}"),
        };
        for entry in fs::read_dir(folder).map_err(|error| fault("", error))? {
            let entry = entry.map_err(|error| fault("", error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if entry.path().is_dir() {
                self.read(&entry.path(), &format!("{prefix}{name}/"))?;
            } else {
                let text = fs::read_to_string(entry.path()).map_err(|error| fault(&name, error))?;
                self.insert(format!("{prefix}{name}"), text);
            }
        }
        Ok(())
    }

    /// Adds a file or replaces its text.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.0.insert(path.into(), text.into());
    }

    /// Takes a file out; `None` if it was not there.
    pub fn remove(&mut self, path: &str) -> Option<String> {
        self.0.remove(path)
    }

    /// The text of a file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Paths and texts in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// The policies the program was built with.
pub fn embedded() -> Files {
    let mut files = Files::default();
    let mut folders = vec![&EMBEDDED];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            let path = file.path().to_string_lossy().replace('\\', "/");
            // A file that is not text is kept, empty, so that loading names it instead of passing over it.
            files.insert(path, file.contents_utf8().unwrap_or_default());
        }
    }
    files
}
