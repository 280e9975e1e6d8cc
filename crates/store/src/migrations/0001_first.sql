-- One text for both engines. Two words are spelled by the engine: {bytes} is BLOB or BYTEA,
-- {clustered} keeps small rows in key order on SQLite and is empty on PostgreSQL.

CREATE TABLE tenant (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    sandbox BIGINT NOT NULL,
    clock_offset_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    doc TEXT NOT NULL
);

CREATE TABLE client (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    doc TEXT NOT NULL
);

-- Grants and tokens are found by what a caller presents, before the tenant is known.
CREATE TABLE "grant" (
    id BIGINT NOT NULL PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    client_id BIGINT NOT NULL,
    dialect TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    doc TEXT NOT NULL
);
CREATE INDEX grant_by_tenant ON "grant" (tenant_id, id);

CREATE TABLE token (
    hash {bytes} NOT NULL PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    doc TEXT NOT NULL
);
CREATE INDEX token_by_grant ON token (grant_id);

CREATE TABLE organization (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    parent_id BIGINT,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE resource (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX resource_by_organization ON resource (tenant_id, organization_id, id);

CREATE TABLE unit (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    resource_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX unit_by_resource ON unit (tenant_id, resource_id, number);

CREATE TABLE lane (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    zone TEXT NOT NULL,
    capacity BIGINT NOT NULL,
    has_units BIGINT NOT NULL,
    refuses_overbooking BIGINT NOT NULL,
    longest_s BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    hash {bytes} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {clustered};

CREATE TABLE allocation (
    tenant_id BIGINT NOT NULL,
    lane_id BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    id BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    unit BIGINT,
    pinned BIGINT NOT NULL,
    booking_id BIGINT NOT NULL,
    expires_at BIGINT,
    overbooked BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, lane_id, starts_at, id)
) {clustered};
CREATE INDEX allocation_by_expiry ON allocation (tenant_id, expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE journal (
    tenant_id BIGINT NOT NULL,
    lane_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    allocation_id BIGINT NOT NULL,
    booking_id BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    capacity BIGINT NOT NULL,
    overbooked BIGINT NOT NULL,
    hash {bytes} NOT NULL,
    PRIMARY KEY (tenant_id, lane_id, sequence)
) {clustered};

CREATE TABLE calendar_day (
    tenant_id BIGINT NOT NULL,
    resource_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    sell_limit BIGINT,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, resource_id, day)
) {clustered};

CREATE TABLE booking (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    resource_id BIGINT NOT NULL,
    group_id BIGINT,
    status TEXT NOT NULL,
    opened BIGINT NOT NULL,
    arrival_on BIGINT NOT NULL,
    departure_on BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    channel TEXT NOT NULL,
    external_reference TEXT NOT NULL,
    search TEXT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX booking_by_arrival ON booking (tenant_id, arrival_on, id);
CREATE INDEX booking_by_departure ON booking (tenant_id, departure_on, id);
CREATE INDEX booking_by_change ON booking (tenant_id, changed_at, id);
CREATE INDEX booking_by_resource ON booking (tenant_id, resource_id, arrival_on, id);
CREATE INDEX booking_by_group ON booking (tenant_id, group_id) WHERE group_id IS NOT NULL;
CREATE INDEX booking_by_reference ON booking (tenant_id, external_reference) WHERE external_reference <> '';

CREATE TABLE line (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    booking_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX line_by_booking ON line (tenant_id, booking_id, id);

CREATE TABLE note (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    booking_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX note_by_booking ON note (tenant_id, booking_id, id);

CREATE TABLE guest (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    booking_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX guest_by_booking ON guest (tenant_id, booking_id, id);

CREATE TABLE outbox (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    announce BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {clustered};

CREATE TABLE audit (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    client_id BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {clustered};

CREATE TABLE idempotency (
    tenant_id BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL,
    fingerprint {bytes} NOT NULL,
    status BIGINT NOT NULL,
    body {bytes} NOT NULL,
    PRIMARY KEY (tenant_id, grant_id, key)
);
