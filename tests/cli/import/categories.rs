//! Trees from files.

use mercer::cli::import::{CategoriesCommand, Changes, Figures, FileOptions, ImportCommand, ImportReport};
use pretty_assertions::assert_eq;

use super::support::*;

/// Children before their parents, and two of one name.
const TREE: &str = "\
id,parent_id,name,path
3,2,Woks,Kitchen > Pans > Woks
2,1,Pans,Kitchen > Pans
1,,Kitchen,Kitchen
4,,Garden,Garden
5,4,Pans,Garden > Pans
";

fn shown(db: &mercer::platform::db::Db) -> Vec<String> {
    ask(
        db,
        "select concat_ws('|', c.external_id, c.level, c.name, c.slug, p.external_id) from categories c \
         left join categories p on p.id = c.parent_id order by c.external_id",
    )
}

fn changes(report: &ImportReport) -> Changes {
    match report.figures {
        Figures::Categories(changes) => changes,
        ref other => panic!("not of categories: {other:?}"),
    }
}

#[test]
fn a_tree_is_built_whatever_the_order_of_its_lines() {
    let (db, _guard) = database();

    let report = import_categories(&db, TREE);

    assert_eq!(changes(&report).created, 5);
    // Which of two gets the plain slug depends on nothing but the levels and the file.
    let slugs: Vec<String> = ask(&db, "select slug from categories where name = 'Pans' order by slug");
    assert_eq!(slugs, ["pans", "pans-2"]);
    assert_eq!(
        ask(&db, "select external_id || ' ' || level from categories order by external_id"),
        ["1 0", "2 1", "3 2", "4 0", "5 1"]
    );
    assert_eq!(ask(&db, "select sort_order from categories where parent_id is null order by name desc"), ["0", "1"]);
}

#[test]
fn a_second_run_changes_what_changed_and_doubles_nothing() {
    let (db, _guard) = database();
    import_categories(&db, TREE);
    let before = shown(&db);

    let same = import_categories(&db, TREE);
    assert_eq!((changes(&same).unchanged, shown(&db)), (5, before));

    let moved = import_categories(&db, "id,parent_id,name\n2,4,Frying pans\n4,,Garden\n");
    assert_eq!((changes(&moved).changed, changes(&moved).unchanged), (1, 1));
    let tree = ask(&db, "select concat_ws(' ', external_id, level, name) from categories order by external_id");
    assert_eq!(tree, ["1 0 Kitchen", "2 1 Frying pans", "3 2 Woks", "4 0 Garden", "5 1 Pans"]);
}

#[test]
fn a_subtree_takes_its_levels_along_and_parent_and_child_may_change_places() {
    let (db, _guard) = database();
    import_categories(&db, "id,parent_id,name\n1,,A\n2,1,B\n3,2,C\n4,3,D\n");

    // C becomes the root, A goes below it; D, of which nothing is said, stays below C.
    import_categories(&db, "id,parent_id,name\n1,3,A\n3,,C\n");

    assert_eq!(
        ask(&db, "select external_id || ' ' || level from categories order by external_id"),
        ["1 1", "2 2", "3 0", "4 1"]
    );
}

#[test]
fn rows_that_make_no_tree_are_refused() {
    let (db, _guard) = database();

    let report = import_categories(
        &db,
        "id,parent_id,name\n1,,Kitchen\n1,,Again\n2,99,Orphan\n3,2,Child of an orphan\n4,5,Hen\n5,4,Egg\n6,6,Self\n7,,\n,,Nameless\n",
    );

    assert_eq!(
        refusals(&report),
        [
            ("an earlier row has the same id", vec![3]),
            ("there is no such parent", vec![4, 5]),
            ("it would be its own ancestor", vec![6, 7, 8]),
            ("the name is missing", vec![9]),
            ("the id is missing", vec![10]),
        ]
    );
    assert_eq!(ask(&db, "select name from categories"), ["Kitchen"]);
}

#[test]
fn a_category_is_not_moved_below_its_own_descendant() {
    let (db, _guard) = database();
    import_categories(&db, "id,parent_id,name\n1,,A\n2,1,B\n3,2,C\n");
    let before = shown(&db);

    let report = import_categories(&db, "id,parent_id,name\n1,3,A\n");

    assert_eq!(refusals(&report), [("it would be its own ancestor", vec![2])]);
    assert_eq!(shown(&db), before);
}

#[test]
fn a_dry_run_of_a_tree_changes_nothing() {
    let (db, _guard) = database();
    let mut file = FileOptions::of("-");
    file.dry_run = true;

    let report = run(&db, &ImportCommand::Categories(CategoriesCommand { file }), TREE).unwrap();

    assert_eq!(changes(&report).created, 5);
    assert_eq!(ask(&db, "select count(*) from categories"), ["0"]);
}
