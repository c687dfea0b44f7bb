//! Requests for one kind of resource: the service returns a row, and the request responds with its view.

use diesel::QueryResult;
use diesel::pg::PgConnection;

use super::lists::{Ordering, PageRows};
use super::requests::{ListFilter, ListRequest, ReadRequest, WriteRequest};
use super::resource::Resource;
use super::response::{ApiResponse, Created, NoContent, Updated};
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::write_context::WriteContext;

/// View of a row, and of the related rows that it shows. The `View` derive implements it for views of one row.
pub trait LoadView: Resource + Sized {
    type Row;

    /// Returns the views of the rows, in their order. Loads related rows with one query per kind.
    fn load(conn: &mut PgConnection, rows: Vec<Self::Row>) -> QueryResult<Vec<Self>>;

    /// Returns the view of one row.
    fn load_one(conn: &mut PgConnection, row: Self::Row) -> QueryResult<Self> {
        Self::load(conn, vec![row])?.pop().ok_or(diesel::result::Error::NotFound)
    }
}

impl ReadRequest {
    /// Responds with the view of the row that `find` returns.
    pub async fn retrieve<V, E>(
        self,
        app: &App,
        find: impl Fn(&mut PgConnection) -> Result<V::Row, E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        V: LoadView + 'static,
        E: Into<Problem> + 'static,
    {
        let find = move |conn: &mut PgConnection| -> Result<V, Problem> {
            let row = find(conn).map_err(Into::into)?;
            Ok(V::load_one(conn, row)?)
        };
        self.one(app, find).await
    }
}

impl<F: ListFilter + Send + 'static, O: Ordering> ListRequest<F, O> {
    /// Responds with a page of the views of the rows that `page` returns.
    pub async fn list<V, E>(
        self,
        app: &App,
        page: impl Fn(&mut PgConnection, &Self) -> Result<PageRows<V::Row>, E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        V: LoadView + 'static,
        E: Into<Problem> + 'static,
    {
        let load = move |conn: &mut PgConnection, list: &Self| -> Result<PageRows<V>, Problem> {
            let rows = page(conn, list).map_err(Into::into)?;
            Ok(rows.map_rows(|rows| V::load(conn, rows))?)
        };
        self.page(app, load).await
    }
}

impl WriteRequest {
    /// Creates a row in one transaction, and responds with 201, its view and its location.
    pub async fn create<V, E>(
        self,
        app: &App,
        location: impl Fn(&V) -> String + Send + 'static,
        create: impl Fn(&mut PgConnection, &WriteContext) -> Result<V::Row, E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        V: LoadView + 'static,
        E: Into<Problem> + 'static,
    {
        let create = move |conn: &mut PgConnection, context: &WriteContext| -> Result<Created<V>, Problem> {
            let row = create(conn, context).map_err(Into::into)?;
            let view = V::load_one(conn, row)?;
            Ok(Created::at(location(&view), view))
        };
        self.run(app, create).await
    }

    /// Updates a row in one transaction, and responds with 200 and its view.
    pub async fn update<V, E>(
        self,
        app: &App,
        update: impl Fn(&mut PgConnection, &WriteContext) -> Result<V::Row, E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        V: LoadView + 'static,
        E: Into<Problem> + 'static,
    {
        let update = move |conn: &mut PgConnection, context: &WriteContext| -> Result<Updated<V>, Problem> {
            let row = update(conn, context).map_err(Into::into)?;
            Ok(Updated(V::load_one(conn, row)?))
        };
        self.run(app, update).await
    }

    /// Deletes a row in one transaction, and responds with 204.
    pub async fn delete<E>(
        self,
        app: &App,
        delete: impl Fn(&mut PgConnection, &WriteContext) -> Result<(), E> + Send + 'static,
    ) -> Result<ApiResponse, Problem>
    where
        E: Into<Problem> + 'static,
    {
        let delete = move |conn: &mut PgConnection, context: &WriteContext| delete(conn, context).map(|()| NoContent);
        self.run(app, delete).await
    }
}
