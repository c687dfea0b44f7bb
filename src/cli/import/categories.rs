//! Categories from `id,parent_id,name`.

use anyhow::Result;

use super::Import;
use super::report::{Changes, Figures};
use super::table::{Column, Row, Table};
use crate::products::categories::import::{ListedCategory, Outcome, import_tree};

const MAX_ID: usize = 100;
const MAX_NAME: usize = 150;

struct Columns {
    id: Column,
    parent: Column,
    name: Column,
    description: Option<Column>,
}

impl Columns {
    fn of(table: &Table) -> Result<Self> {
        Ok(Self {
            id: table.require("id")?,
            parent: table.require("parent_id")?,
            name: table.require("name")?,
            description: table.find("description"),
        })
    }

    fn parse(&self, row: &Row<'_>) -> Result<ListedCategory, &'static str> {
        if row.has_nul() {
            return Err("it holds a NUL character");
        }
        let external_id = row.filled(self.id).ok_or("the id is missing")?;
        let name = row.filled(self.name).ok_or("the name is missing")?;
        if external_id.chars().count() > MAX_ID {
            return Err("the id is longer than 100 characters");
        }
        if name.chars().count() > MAX_NAME {
            return Err("the name is longer than 150 characters");
        }
        Ok(ListedCategory {
            external_id: external_id.into_owned(),
            parent: row.filled(self.parent).map(Into::into),
            name: name.into_owned(),
            description: row.filled(self.description).map(Into::into),
        })
    }
}

/// Reads the whole file, because parents may stand on any line, and writes it in one transaction.
pub(super) fn import(import: &mut Import<'_>) -> Result<Figures> {
    let columns = Columns::of(&import.table)?;
    let mut rows = Vec::new();
    let mut originals = Vec::new();
    import.progress.begin("Reading", None);
    while let Some(row) = import.table.next_row()? {
        match columns.parse(&row) {
            Ok(category) => {
                rows.push(category);
                originals.push((row.line(), row.fields()));
            }
            Err(reason) => import.refusals.refuse(&row, reason)?,
        }
        import.progress.advance(1)?;
    }

    import.progress.begin("Writing", None);
    let at = import.at;
    let outcomes = import.write(|conn| import_tree(conn, &rows, at))?;
    let mut changes = Changes::default();
    for (outcome, (line, fields)) in outcomes.into_iter().zip(originals) {
        match changes.count(outcome) {
            Ok(()) => {}
            Err(reason) => import.refusals.refuse_fields(line, &reason, || fields)?,
        }
        import.progress.advance(1)?;
    }
    Ok(Figures::Categories(changes))
}

impl Changes {
    /// Counts a row that was taken; the reason of one that was not.
    pub(super) fn count(&mut self, outcome: Outcome) -> Result<(), String> {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Changed => self.changed += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Refused(reason) => return Err(reason),
        }
        Ok(())
    }
}
