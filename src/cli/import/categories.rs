//! Import of categories from the columns `id`, `parent_id`, `name` and optionally `description`.

use anyhow::Result;

use super::report::{ImportSummary, RowCounts};
use super::run::ImportRun;
use super::table::{Column, Row, Table};
use crate::products::categories::import::{CategoryRow, RowOutcome, import_tree};

const MAX_ID: usize = 100;
const MAX_NAME: usize = 150;

struct CategoryColumns {
    id: Column,
    parent: Column,
    name: Column,
    description: Option<Column>,
}

impl CategoryColumns {
    fn find(table: &Table) -> Result<Self> {
        Ok(Self {
            id: table.require("id")?,
            parent: table.require("parent_id")?,
            name: table.require("name")?,
            description: table.find("description"),
        })
    }

    fn parse(&self, row: &Row<'_>) -> Result<CategoryRow, &'static str> {
        if row.has_nul() {
            return Err("the row contains a NUL character");
        }
        let external_id = row.filled(self.id).ok_or("the id is missing")?;
        let name = row.filled(self.name).ok_or("the name is missing")?;
        if external_id.chars().count() > MAX_ID {
            return Err("the id is longer than 100 characters");
        }
        if name.chars().count() > MAX_NAME {
            return Err("the name is longer than 150 characters");
        }
        Ok(CategoryRow {
            external_id: external_id.into_owned(),
            parent: row.filled(self.parent).map(Into::into),
            name: name.into_owned(),
            description: row.filled(self.description).map(Into::into),
        })
    }
}

/// Reads the whole file, because any row can be a parent, and imports it in one transaction.
pub(super) fn import(import: &mut ImportRun<'_>) -> Result<ImportSummary> {
    let columns = CategoryColumns::find(&import.table)?;
    let mut rows = Vec::new();
    let mut sources = Vec::new();
    import.progress.begin("Reading", None);
    while let Some(row) = import.table.next_row()? {
        match columns.parse(&row) {
            Ok(category) => {
                rows.push(category);
                sources.push(row.source());
            }
            Err(reason) => import.rejections.reject(&row, reason)?,
        }
        import.progress.advance(1)?;
    }

    import.progress.begin("Writing", None);
    let at = import.context.at;
    let outcomes = import.write(|conn| import_tree(conn, &rows, at))?;
    let mut counts = RowCounts::default();
    for (outcome, source) in outcomes.into_iter().zip(sources) {
        if let Err(reason) = counts.count(outcome) {
            import.rejections.reject_source(&source, &reason)?;
        }
        import.progress.advance(1)?;
    }
    Ok(ImportSummary::Categories(counts))
}

impl RowCounts {
    /// Counts an accepted row. Returns the reason if the row was rejected.
    pub(super) fn count(&mut self, outcome: RowOutcome) -> Result<(), String> {
        match outcome {
            RowOutcome::Created => self.created += 1,
            RowOutcome::Updated => self.updated += 1,
            RowOutcome::Unchanged => self.unchanged += 1,
            RowOutcome::Rejected(reason) => return Err(reason),
        }
        Ok(())
    }
}
