-- What is declared, sold, written down and linked around the inventory. Kinds of one shape share a table:
-- the word in `kind` tells them apart and is part of the key, so that each has a stretch of its own.

CREATE TABLE content (
    tenant_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id BIGINT NOT NULL,
    organization_id BIGINT,
    parent_id BIGINT,
    position BIGINT NOT NULL,
    archived_at BIGINT,
    search TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, id)
);
CREATE INDEX content_by_parent ON content (tenant_id, kind, parent_id, id) WHERE parent_id IS NOT NULL;

CREATE TABLE link (
    tenant_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id BIGINT NOT NULL,
    organization_id BIGINT,
    subject TEXT NOT NULL,
    from_id BIGINT NOT NULL,
    to_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, id)
);
CREATE UNIQUE INDEX link_once ON link (tenant_id, kind, from_id, to_id);
CREATE INDEX link_back ON link (tenant_id, kind, to_id, from_id);

CREATE TABLE person (
    tenant_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id BIGINT NOT NULL,
    organization_id BIGINT,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    search TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, id)
);
CREATE INDEX person_by_email ON person (tenant_id, email, id) WHERE email <> '';
CREATE INDEX person_by_phone ON person (tenant_id, phone, id) WHERE phone <> '';
CREATE INDEX person_by_change ON person (tenant_id, kind, changed_at, id);

CREATE TABLE record (
    tenant_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id BIGINT NOT NULL,
    organization_id BIGINT,
    parent_id BIGINT,
    subject_id BIGINT,
    state TEXT NOT NULL,
    reference TEXT NOT NULL,
    on_day BIGINT,
    search TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, id)
);
CREATE INDEX record_by_parent ON record (tenant_id, kind, parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX record_by_subject ON record (tenant_id, kind, subject_id, id) WHERE subject_id IS NOT NULL;
CREATE INDEX record_by_reference ON record (tenant_id, kind, reference) WHERE reference <> '';
CREATE INDEX record_by_change ON record (tenant_id, kind, changed_at, id);

-- Under the id of the master booking; a booking that nobody said more about has none.
CREATE TABLE "order" (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    organization_id BIGINT,
    reference TEXT NOT NULL,
    external_reference TEXT NOT NULL,
    customer_id BIGINT,
    owner_id BIGINT,
    channel_id BIGINT,
    confirmed_at BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX order_by_reference ON "order" (tenant_id, reference) WHERE reference <> '';
CREATE INDEX order_by_external_reference ON "order" (tenant_id, external_reference) WHERE external_reference <> '';
CREATE INDEX order_by_customer ON "order" (tenant_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX order_by_owner ON "order" (tenant_id, owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX order_by_channel ON "order" (tenant_id, channel_id, id) WHERE channel_id IS NOT NULL;
CREATE INDEX order_by_change ON "order" (tenant_id, changed_at, id);

-- Master price lists: by night (nights = 0), or by arrival and length of stay.
CREATE TABLE price (
    tenant_id BIGINT NOT NULL,
    list_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    nights BIGINT NOT NULL,
    id BIGINT NOT NULL,
    price_minor BIGINT NOT NULL,
    active BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, list_id, day, nights)
) {clustered};
CREATE UNIQUE INDEX price_by_id ON price (tenant_id, id);

-- Units become things that are listed, searched and put away.
ALTER TABLE unit ADD COLUMN organization_id BIGINT;
ALTER TABLE unit ADD COLUMN archived_at BIGINT;
ALTER TABLE unit ADD COLUMN search TEXT NOT NULL DEFAULT '';
ALTER TABLE unit ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE unit ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE unit SET organization_id = (SELECT r.organization_id FROM resource r
    WHERE r.tenant_id = unit.tenant_id AND r.id = unit.resource_id);
CREATE INDEX unit_by_change ON unit (tenant_id, changed_at, id);
