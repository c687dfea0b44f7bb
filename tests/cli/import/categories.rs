//! Import of categories.

use mercer::cli::import::{CategoriesCommand, FileOptions, ImportCommand, ImportReport, ImportSummary, RowCounts};
use pretty_assertions::assert_eq;

use super::support::*;

/// File with children before their parents and with two categories of one name.
const TREE: &str = "\
id,parent_id,name,path
3,2,Woks,Kitchen > Pans > Woks
2,1,Pans,Kitchen > Pans
1,,Kitchen,Kitchen
4,,Garden,Garden
5,4,Pans,Garden > Pans
";

fn stored_rows(db: &mercer::platform::db::Db) -> Vec<String> {
    query(
        db,
        "select concat_ws('|', c.external_id, c.level, c.name, c.slug, p.external_id) from categories c \
         left join categories p on p.id = c.parent_id order by c.external_id",
    )
}

fn counts(report: &ImportReport) -> RowCounts {
    match report.summary {
        ImportSummary::Categories(changes) => changes,
        ref other => panic!("unexpected summary: {other:?}"),
    }
}

#[test]
fn category_rows_can_be_in_any_order() {
    let (db, _guard) = database();

    let report = import_categories(&db, TREE);

    assert_eq!(counts(&report).created, 5);
    // The level and the order in the file determine which category gets the plain slug.
    let slugs: Vec<String> = query(&db, "select slug from categories where name = 'Pans' order by slug");
    assert_eq!(slugs, ["pans", "pans-2"]);
    assert_eq!(
        query(&db, "select external_id || ' ' || level from categories order by external_id"),
        ["1 0", "2 1", "3 2", "4 0", "5 1"]
    );
    assert_eq!(query(&db, "select sort_order from categories where parent_id is null order by name desc"), ["0", "1"]);
}

#[test]
fn repeated_category_import_applies_only_differences() {
    let (db, _guard) = database();
    import_categories(&db, TREE);
    let before = stored_rows(&db);

    let same = import_categories(&db, TREE);
    assert_eq!((counts(&same).unchanged, stored_rows(&db)), (5, before));

    let moved = import_categories(&db, "id,parent_id,name\n2,4,Frying pans\n4,,Garden\n");
    assert_eq!((counts(&moved).updated, counts(&moved).unchanged), (1, 1));
    let tree = query(&db, "select concat_ws(' ', external_id, level, name) from categories order by external_id");
    assert_eq!(tree, ["1 0 Kitchen", "2 1 Frying pans", "3 2 Woks", "4 0 Garden", "5 1 Pans"]);
}

#[test]
fn category_import_can_swap_parent_and_child() {
    let (db, _guard) = database();
    import_categories(&db, "id,parent_id,name\n1,,A\n2,1,B\n3,2,C\n4,3,D\n");

    // C becomes the root and A its child; the file does not contain D, which remains below C.
    import_categories(&db, "id,parent_id,name\n1,3,A\n3,,C\n");

    assert_eq!(
        query(&db, "select external_id || ' ' || level from categories order by external_id"),
        ["1 1", "2 2", "3 0", "4 1"]
    );
}

#[test]
fn category_rows_that_form_no_tree_are_rejected() {
    let (db, _guard) = database();

    let report = import_categories(
        &db,
        "id,parent_id,name\n1,,Kitchen\n1,,Again\n2,99,Orphan\n3,2,Child of an orphan\n4,5,Hen\n5,4,Egg\n6,6,Self\n7,,\n,,Nameless\n",
    );

    assert_eq!(
        rejections(&report),
        [
            ("an earlier row has the same id", vec![3]),
            ("the parent category does not exist", vec![4, 5]),
            ("the category would be its own ancestor", vec![6, 7, 8]),
            ("the name is missing", vec![9]),
            ("the id is missing", vec![10]),
        ]
    );
    assert_eq!(query(&db, "select name from categories"), ["Kitchen"]);
}

#[test]
fn category_import_cannot_move_a_category_below_its_descendant() {
    let (db, _guard) = database();
    import_categories(&db, "id,parent_id,name\n1,,A\n2,1,B\n3,2,C\n");
    let before = stored_rows(&db);

    let report = import_categories(&db, "id,parent_id,name\n1,3,A\n");

    assert_eq!(rejections(&report), [("the category would be its own ancestor", vec![2])]);
    assert_eq!(stored_rows(&db), before);
}

#[test]
fn category_dry_run_changes_nothing() {
    let (db, _guard) = database();
    let mut file = FileOptions::new("-");
    file.dry_run = true;

    let report = run(&db, &ImportCommand::Categories(CategoriesCommand { file }), TREE).unwrap();

    assert_eq!(counts(&report).created, 5);
    assert_eq!(query(&db, "select count(*) from categories"), ["0"]);
}
