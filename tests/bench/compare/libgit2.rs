//! git by its library: one commit per save, without a work tree.

use bytes::Bytes;
use git2::{Oid, Repository, Signature};
use tempfile::TempDir;

use crate::server::bytes_in;
use crate::side::{Op, Run, Side};

/// A bare repository.
pub(crate) struct Libgit2 {
    repository: Repository,
    commits: Vec<Oid>,
    dir: TempDir,
}

impl Libgit2 {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { repository: Repository::init_bare(dir.path()).unwrap(), commits: Vec::new(), dir }
    }

    fn commit(&mut self, text: &[u8]) -> Result<(), git2::Error> {
        let blob = self.repository.blob(text)?;
        let mut tree = self.repository.treebuilder(None)?;
        tree.insert("config.json", blob, 0o100_644)?;
        let tree = self.repository.find_tree(tree.write()?)?;
        let ada = Signature::now("ada", "ada@example.com")?;
        let parent = self.commits.last().map(|id| self.repository.find_commit(*id)).transpose()?;
        let parents: Vec<_> = parent.iter().collect();
        let commit = self.repository.commit(Some("HEAD"), &ada, &ada, "save", &tree, &parents)?;
        self.commits.push(commit);
        Ok(())
    }

    fn read(&self, commit: Oid) -> Result<Bytes, git2::Error> {
        let tree = self.repository.find_commit(commit)?.tree()?;
        let entry = tree.get_name("config.json").ok_or_else(|| git2::Error::from_str("no config"))?;
        Ok(Bytes::copy_from_slice(self.repository.find_blob(entry.id())?.content()))
    }

    fn list(&self) -> Result<usize, git2::Error> {
        let mut walk = self.repository.revwalk()?;
        walk.push_head()?;
        let mut bytes = 0;
        for id in walk.take(50) {
            let commit = self.repository.find_commit(id?)?;
            bytes += commit.message_bytes().len() + commit.author().name_bytes().len();
        }
        Ok(bytes)
    }
}

impl Side for Libgit2 {
    fn name(&self) -> &'static str {
        "libgit2"
    }

    fn settings(&self) -> String {
        "in this process, a bare repository with libgit2's defaults (nothing synced). Bytes kept: loose objects".to_owned()
    }

    fn offers(&self, op: &Op<'_>) -> bool {
        matches!(op, Op::Save(_) | Op::Read(_) | Op::Head | Op::List)
    }

    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes> {
        Box::pin(async move {
            match op {
                Op::Save(text) => self.commit(&text.text).unwrap(),
                Op::Read(version) => return self.read(self.commits[version - 1]).unwrap(),
                Op::Head => return self.read(*self.commits.last().unwrap()).unwrap(),
                _ => assert!(self.list().unwrap() > 0),
            }
            Bytes::new()
        })
    }

    fn stored(&mut self) -> Run<'_, Option<u64>> {
        Box::pin(async { Some(bytes_in(&self.dir.path().join("objects"))) })
    }
}
