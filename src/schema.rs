// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;

    account_tokens (id) {
        id -> Uuid,
        user_id -> Uuid,
        purpose -> Text,
        token_hash -> Bytea,
        email -> Text,
        credentials -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    addresses (id) {
        id -> Uuid,
        customer_id -> Uuid,
        name -> Text,
        company -> Text,
        line1 -> Text,
        line2 -> Text,
        city -> Text,
        area -> Text,
        postal_code -> Text,
        country -> Text,
        phone -> Nullable<Text>,
        is_default_billing -> Bool,
        is_default_shipping -> Bool,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    app_tokens (id) {
        id -> Uuid,
        app_id -> Uuid,
        name -> Text,
        token_hash -> Bytea,
        #[max_length = 4]
        last_four -> Bpchar,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    apps (id) {
        id -> Uuid,
        name -> Text,
        permissions -> Array<Nullable<Text>>,
        allowed_addresses -> Array<Nullable<Text>>,
        is_active -> Bool,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    attempts (key) {
        key -> Bytea,
        used_until -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_chain (position) {
        position -> Int8,
        entry_id -> Uuid,
        hash -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_entries (id) {
        id -> Uuid,
        action -> Text,
        actor -> Json,
        object_type -> Text,
        object_id -> Text,
        changes -> Json,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        created_at -> Timestamptz,
        user_agent -> Text,
        mac -> Bytea,
        actor_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_personal_values (entry_id) {
        entry_id -> Uuid,
        person -> Uuid,
        salt -> Bytea,
        changes -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_unsealed (entry_id) {
        entry_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    categories (id) {
        id -> Uuid,
        parent_id -> Nullable<Uuid>,
        level -> Int4,
        sort_order -> Int4,
        name -> Text,
        slug -> Text,
        description -> Text,
        external_id -> Nullable<Text>,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    channels (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        #[max_length = 3]
        currency -> Bpchar,
        countries -> Array<Nullable<Text>>,
        prices_include_tax -> Bool,
        tax_rate -> Numeric,
        confirms_orders -> Bool,
        expires_after_minutes -> Nullable<Int4>,
        is_default -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    customer_group_members (group_id, customer_id) {
        group_id -> Uuid,
        customer_id -> Uuid,
        added_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    customer_groups (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        metadata -> Jsonb,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    customer_notes (id) {
        id -> Uuid,
        customer_id -> Uuid,
        text -> Text,
        author -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    customers (id) {
        id -> Uuid,
        user_id -> Nullable<Uuid>,
        external_id -> Nullable<Text>,
        name -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        language -> Text,
        notes -> Text,
        metadata -> Jsonb,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        erased_at -> Nullable<Timestamptz>,
        private_metadata -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    events (id) {
        id -> Uuid,
        ordinal -> Int8,
        topic -> Text,
        aggregate_type -> Text,
        aggregate_id -> Uuid,
        sequence -> Int4,
        channel -> Nullable<Text>,
        owner_id -> Nullable<Uuid>,
        actor -> Jsonb,
        payload -> Jsonb,
        occurred_at -> Timestamptz,
        position -> Nullable<Int8>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    factor_failures (id) {
        id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    fulfillment_lines (fulfillment_id, order_line_id) {
        fulfillment_id -> Uuid,
        order_line_id -> Uuid,
        quantity -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    fulfillments (id) {
        id -> Uuid,
        order_id -> Uuid,
        position -> Int4,
        status -> Text,
        tracking_number -> Text,
        carrier -> Text,
        shipped_at -> Nullable<Timestamptz>,
        delivered_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    group_channels (group_id, channel_id) {
        group_id -> Uuid,
        channel_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    group_members (group_id, user_id) {
        group_id -> Uuid,
        user_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    groups (id) {
        id -> Uuid,
        name -> Text,
        permissions -> Array<Nullable<Text>>,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    idempotency_keys (scope) {
        scope -> Bytea,
        fingerprint -> Bytea,
        status -> Int2,
        headers -> Jsonb,
        sealed_headers -> Nullable<Bytea>,
        body -> Nullable<Bytea>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    identities (id) {
        id -> Uuid,
        user_id -> Uuid,
        provider -> Text,
        issuer -> Text,
        subject -> Text,
        email -> Text,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    jobs (id) {
        id -> Uuid,
        queue -> Text,
        name -> Text,
        payload -> Jsonb,
        priority -> Int2,
        state -> Text,
        run_at -> Timestamptz,
        attempts -> Int4,
        max_attempts -> Int4,
        unique_key -> Nullable<Text>,
        leased_by -> Nullable<Uuid>,
        leased_until -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    messages (id) {
        id -> Uuid,
        event_id -> Uuid,
        medium -> Text,
        recipient -> Text,
        template -> Text,
        context -> Jsonb,
        state -> Text,
        provider -> Nullable<Text>,
        reference -> Nullable<Text>,
        failure -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        language -> Text,
        sealed -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    oauth_attempts (state_hash) {
        state_hash -> Bytea,
        browser_hash -> Bytea,
        provider -> Text,
        sealed -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    order_history (id) {
        id -> Uuid,
        order_id -> Uuid,
        from_status -> Nullable<Text>,
        to_status -> Text,
        actor -> Jsonb,
        note -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    order_lines (id) {
        id -> Uuid,
        order_id -> Uuid,
        position -> Int4,
        product_id -> Uuid,
        variant_id -> Uuid,
        product_name -> Text,
        variant_name -> Text,
        sku -> Text,
        options -> Jsonb,
        quantity -> Int4,
        unit_price -> Numeric,
        discount -> Numeric,
        tax_rate -> Numeric,
        total_net -> Numeric,
        total_tax -> Numeric,
        total_gross -> Numeric,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    order_number_keys (is_only) {
        is_only -> Bool,
        key -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    orders (id) {
        id -> Uuid,
        number -> Text,
        status -> Text,
        payment_status -> Text,
        fulfillment_status -> Text,
        origin -> Text,
        channel_id -> Uuid,
        customer_id -> Nullable<Uuid>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        #[max_length = 3]
        currency -> Bpchar,
        subtotal_net -> Numeric,
        shipping_net -> Numeric,
        discount -> Numeric,
        total_net -> Numeric,
        total_tax -> Numeric,
        total_gross -> Numeric,
        shipping_address -> Jsonb,
        billing_address -> Jsonb,
        note -> Text,
        access_token_hash -> Nullable<Bytea>,
        placed_at -> Timestamptz,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    passkey_ceremonies (id) {
        id -> Uuid,
        kind -> Text,
        user_id -> Nullable<Uuid>,
        challenge_hash -> Bytea,
        state -> Jsonb,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    passkeys (id) {
        id -> Uuid,
        user_id -> Uuid,
        credential_id -> Bytea,
        credential -> Jsonb,
        name -> Text,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    payment_transactions (id) {
        id -> Uuid,
        payment_id -> Uuid,
        kind -> Text,
        amount -> Numeric,
        reference -> Text,
        answer -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    payments (id) {
        id -> Uuid,
        order_id -> Uuid,
        gateway -> Text,
        #[max_length = 3]
        currency -> Bpchar,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    personal_data_exports (id) {
        id -> Uuid,
        customer_id -> Uuid,
        sealed -> Nullable<Bytea>,
        created_at -> Timestamptz,
        ready_at -> Nullable<Timestamptz>,
        expires_at -> Timestamptz,
        downloaded_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    products (id) {
        id -> Uuid,
        category_id -> Nullable<Uuid>,
        name -> Text,
        slug -> Text,
        description -> Text,
        is_active -> Bool,
        archived_at -> Nullable<Timestamptz>,
        metadata -> Jsonb,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        private_metadata -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    recovery_codes (id) {
        id -> Uuid,
        user_id -> Uuid,
        code_hash -> Bytea,
        created_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    return_lines (id) {
        id -> Uuid,
        return_id -> Uuid,
        position -> Int4,
        order_line_id -> Nullable<Uuid>,
        product_id -> Uuid,
        variant_id -> Uuid,
        product_name -> Text,
        sku -> Text,
        quantity -> Int4,
        unit_price -> Numeric,
        total_gross -> Numeric,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    returns (id) {
        id -> Uuid,
        number -> Text,
        order_id -> Nullable<Uuid>,
        customer_id -> Nullable<Uuid>,
        status -> Text,
        origin -> Text,
        #[max_length = 3]
        currency -> Bpchar,
        total_gross -> Numeric,
        returned_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    schedules (name) {
        name -> Text,
        cron -> Text,
        next_run_at -> Timestamptz,
        last_run_at -> Nullable<Timestamptz>,
        is_enabled -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        generation -> Int4,
        refresh_hash -> Bytea,
        rotated_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        revoked_reason -> Nullable<Text>,
        user_agent -> Text,
        address -> Text,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sign_in_challenges (id) {
        id -> Uuid,
        user_id -> Uuid,
        token_hash -> Bytea,
        failures -> Int4,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        met_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    signing_keys (id) {
        id -> Text,
        private_key -> Bytea,
        public_jwk -> Jsonb,
        created_at -> Timestamptz,
        retired_at -> Nullable<Timestamptz>,
        signs_from -> Timestamptz,
        token_days -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    spent_id_tokens (digest) {
        digest -> Bytea,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    stock_allocations (order_line_id, stock_id) {
        order_line_id -> Uuid,
        stock_id -> Uuid,
        order_id -> Uuid,
        quantity -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    stock_movements (id) {
        id -> Uuid,
        stock_id -> Uuid,
        kind -> Text,
        quantity_delta -> Int4,
        allocated_delta -> Int4,
        quantity_after -> Int4,
        allocated_after -> Int4,
        order_id -> Nullable<Uuid>,
        actor -> Jsonb,
        note -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    stocks (id) {
        id -> Uuid,
        variant_id -> Uuid,
        warehouse_id -> Uuid,
        quantity -> Int4,
        allocated -> Int4,
        backorder_limit -> Int4,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    totp_devices (user_id) {
        user_id -> Uuid,
        seed -> Bytea,
        failures -> Int4,
        last_step -> Nullable<Int8>,
        created_at -> Timestamptz,
        confirmed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    users (id) {
        id -> Uuid,
        email -> Text,
        password_hash -> Nullable<Text>,
        first_name -> Text,
        last_name -> Text,
        is_active -> Bool,
        is_staff -> Bool,
        is_superuser -> Bool,
        email_verified_at -> Nullable<Timestamptz>,
        last_login_at -> Nullable<Timestamptz>,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    variant_prices (variant_id, channel_id) {
        variant_id -> Uuid,
        channel_id -> Uuid,
        amount -> Numeric,
        #[max_length = 3]
        currency -> Bpchar,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    variants (id) {
        id -> Uuid,
        product_id -> Uuid,
        sku -> Text,
        name -> Text,
        options -> Jsonb,
        tracks_stock -> Bool,
        sort_order -> Int4,
        archived_at -> Nullable<Timestamptz>,
        version -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        cost -> Nullable<Numeric>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    warehouses (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        #[max_length = 2]
        country -> Nullable<Bpchar>,
        sort_order -> Int4,
        is_active -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    workers (id) {
        id -> Uuid,
        queues -> Array<Nullable<Text>>,
        started_at -> Timestamptz,
        seen_at -> Timestamptz,
    }
}

diesel::joinable!(account_tokens -> users (user_id));
diesel::joinable!(addresses -> customers (customer_id));
diesel::joinable!(app_tokens -> apps (app_id));
diesel::joinable!(audit_chain -> audit_entries (entry_id));
diesel::joinable!(audit_personal_values -> audit_entries (entry_id));
diesel::joinable!(audit_unsealed -> audit_entries (entry_id));
diesel::joinable!(customer_group_members -> customer_groups (group_id));
diesel::joinable!(customer_group_members -> customers (customer_id));
diesel::joinable!(customer_notes -> customers (customer_id));
diesel::joinable!(customers -> users (user_id));
diesel::joinable!(factor_failures -> users (user_id));
diesel::joinable!(fulfillment_lines -> fulfillments (fulfillment_id));
diesel::joinable!(fulfillment_lines -> order_lines (order_line_id));
diesel::joinable!(fulfillments -> orders (order_id));
diesel::joinable!(group_channels -> channels (channel_id));
diesel::joinable!(group_channels -> groups (group_id));
diesel::joinable!(group_members -> groups (group_id));
diesel::joinable!(group_members -> users (user_id));
diesel::joinable!(identities -> users (user_id));
diesel::joinable!(order_history -> orders (order_id));
diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(order_lines -> products (product_id));
diesel::joinable!(order_lines -> variants (variant_id));
diesel::joinable!(orders -> channels (channel_id));
diesel::joinable!(orders -> customers (customer_id));
diesel::joinable!(passkey_ceremonies -> users (user_id));
diesel::joinable!(passkeys -> users (user_id));
diesel::joinable!(payment_transactions -> payments (payment_id));
diesel::joinable!(payments -> orders (order_id));
diesel::joinable!(personal_data_exports -> customers (customer_id));
diesel::joinable!(products -> categories (category_id));
diesel::joinable!(recovery_codes -> users (user_id));
diesel::joinable!(return_lines -> order_lines (order_line_id));
diesel::joinable!(return_lines -> products (product_id));
diesel::joinable!(return_lines -> returns (return_id));
diesel::joinable!(return_lines -> variants (variant_id));
diesel::joinable!(returns -> customers (customer_id));
diesel::joinable!(returns -> orders (order_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sign_in_challenges -> users (user_id));
diesel::joinable!(stock_allocations -> stocks (stock_id));
diesel::joinable!(stock_movements -> stocks (stock_id));
diesel::joinable!(stocks -> variants (variant_id));
diesel::joinable!(stocks -> warehouses (warehouse_id));
diesel::joinable!(totp_devices -> users (user_id));
diesel::joinable!(variant_prices -> variants (variant_id));
diesel::joinable!(variants -> products (product_id));

diesel::allow_tables_to_appear_in_same_query!(
    account_tokens,
    addresses,
    app_tokens,
    apps,
    attempts,
    audit_chain,
    audit_entries,
    audit_personal_values,
    audit_unsealed,
    categories,
    channels,
    customer_group_members,
    customer_groups,
    customer_notes,
    customers,
    events,
    factor_failures,
    fulfillment_lines,
    fulfillments,
    group_channels,
    group_members,
    groups,
    idempotency_keys,
    identities,
    jobs,
    messages,
    oauth_attempts,
    order_history,
    order_lines,
    order_number_keys,
    orders,
    passkey_ceremonies,
    passkeys,
    payment_transactions,
    payments,
    personal_data_exports,
    products,
    recovery_codes,
    return_lines,
    returns,
    schedules,
    sessions,
    sign_in_challenges,
    signing_keys,
    spent_id_tokens,
    stock_allocations,
    stock_movements,
    stocks,
    totp_devices,
    users,
    variant_prices,
    variants,
    warehouses,
    workers,
);
