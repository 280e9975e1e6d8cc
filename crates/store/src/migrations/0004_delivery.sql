-- What leaves the house: who wants to hear of events, what is on its way to them, every try, and mail.

-- Events of one subject leave in the order of its writes, whoever drew their ids.
ALTER TABLE outbox ADD COLUMN ordinal BIGINT NOT NULL DEFAULT 0;

CREATE TABLE subscription (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    client_id BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    active BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX subscription_active ON subscription (tenant_id, id) WHERE active = 1;
CREATE INDEX subscription_by_grant ON subscription (tenant_id, grant_id, id);

-- What changes with every try stands apart from what its owner writes.
CREATE TABLE subscription_health (
    tenant_id BIGINT NOT NULL,
    subscription_id BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    failing_since BIGINT,
    delivered_at BIGINT,
    failed_at BIGINT,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, subscription_id)
);

CREATE TABLE delivery (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    subscription_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    name TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    open BIGINT NOT NULL,
    resent BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    tried_at BIGINT,
    next_at BIGINT NOT NULL,
    body {bytes} NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX delivery_due ON delivery (tenant_id, subscription_id, next_at, ordinal, event_id, id) WHERE open = 1;
CREATE INDEX delivery_order ON delivery (tenant_id, subscription_id, subject_id, ordinal, event_id, id) WHERE open = 1;
CREATE INDEX delivery_held ON delivery (tenant_id, state, id) WHERE state = 'held';
CREATE INDEX delivery_by_subscription ON delivery (tenant_id, subscription_id, id);
CREATE INDEX delivery_by_event ON delivery (tenant_id, event_id);
CREATE INDEX delivery_by_age ON delivery (created_at);

CREATE TABLE attempt (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    subscription_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX attempt_by_delivery ON attempt (tenant_id, delivery_id, number);
CREATE INDEX attempt_by_subscription ON attempt (tenant_id, subscription_id, id);
CREATE INDEX attempt_by_age ON attempt (at);

CREATE TABLE mail (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    open BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    tried_at BIGINT,
    next_at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX mail_due ON mail (next_at) WHERE open = 1;
CREATE INDEX mail_by_age ON mail (created_at);
