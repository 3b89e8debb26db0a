//! Files that are published: tiles, entry bundles and the checkpoint, in a folder (or later a bucket) behind
//! `object_store`.
//!
//! Out of scope: what the bytes mean (`ledger`, `merkle`).

use std::{path::Path as FilePath, sync::Arc};

use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, local::LocalFileSystem, path::Path,
};

/// How publishing fails.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The folder cannot be read or written.
    #[error("published files cannot be read or written")]
    Store(#[from] object_store::Error),
    /// The folder cannot be made.
    #[error("the folder for published files cannot be made")]
    Folder(#[from] std::io::Error),
    /// A file that never changes is already there with other bytes.
    #[error(
        "`{0}` is already published with other bytes: find out who changed it, then move it away and start again; \
         it is made anew from the entries"
    )]
    Differs(String),
}

/// Published files; cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects(Arc<LocalFileSystem>);

impl Objects {
    /// Opens a folder, made if absent.
    ///
    /// # Errors
    /// [`ObjectError`] when it cannot be made or opened.
    pub fn open(folder: &FilePath) -> Result<Self, ObjectError> {
        std::fs::create_dir_all(folder)?;
        // What was published must survive a power cut: an empty tile would otherwise stand where a written one was.
        let files = LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true).with_fsync(true);
        Ok(Self(Arc::new(files)))
    }

    /// A file's bytes; `None` when there is no such file.
    ///
    /// # Errors
    /// [`ObjectError`] when the folder fails.
    pub async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, ObjectError> {
        match self.0.get(&Path::from(path)).await {
            Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Publishes a file that never changes. That it is there already with the same bytes is fine: a crash between
    /// two steps is repaired by doing them again.
    ///
    /// # Errors
    /// [`ObjectError::Differs`] when other bytes are there.
    pub async fn put_once(&self, path: &str, bytes: Vec<u8>) -> Result<(), ObjectError> {
        let options = PutMode::Create.into();
        let payload = PutPayload::from(bytes.clone());
        match self.0.put_opts(&Path::from(path), payload, options).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => {
                let there = self.get(path).await?;
                if there.as_deref() == Some(&bytes) {
                    Ok(())
                } else {
                    Err(ObjectError::Differs(path.to_owned()))
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces a file as a whole: readers see the old bytes or the new ones.
    ///
    /// # Errors
    /// [`ObjectError`] when the folder fails.
    pub async fn replace(&self, path: &str, bytes: Vec<u8>) -> Result<(), ObjectError> {
        self.0.put(&Path::from(path), PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// Removes every file below a prefix.
    ///
    /// # Errors
    /// [`ObjectError`] when the folder fails.
    pub async fn remove_below(&self, prefix: &str) -> Result<(), ObjectError> {
        let prefix = Path::from(prefix);
        let paths: Vec<Path> = self.0.list(Some(&prefix)).map_ok(|meta| meta.location).try_collect().await?;
        let paths = futures_util::stream::iter(paths.into_iter().map(Ok)).boxed();
        self.0.delete_stream(paths).try_collect::<Vec<_>>().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_published_file_can_be_repeated_and_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::open(folder.path()).unwrap();
        objects.put_once("tile/0/000.p/1", vec![1]).await.unwrap();
        objects.put_once("tile/0/000.p/1", vec![1]).await.unwrap();
        let other = objects.put_once("tile/0/000.p/1", vec![2]).await;
        assert!(matches!(other, Err(ObjectError::Differs(_))));
        assert_eq!(objects.get("tile/0/000.p/1").await.unwrap(), Some(vec![1]));
        objects.remove_below("tile/0/000.p").await.unwrap();
        assert_eq!(objects.get("tile/0/000.p/1").await.unwrap(), None);
    }
}
