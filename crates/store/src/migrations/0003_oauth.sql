-- Apps and their installations, codes and families of tokens; people who sign in.

CREATE TABLE app (
    id BIGINT NOT NULL PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    dialect TEXT NOT NULL,
    public_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    halted_at BIGINT,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL
);
CREATE UNIQUE INDEX app_by_public_id ON app (public_id);
CREATE INDEX app_by_tenant ON app (tenant_id, id);

CREATE TABLE app_secret (
    id BIGINT NOT NULL PRIMARY KEY,
    app_id BIGINT NOT NULL,
    hash {bytes} NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT,
    doc TEXT NOT NULL
);
CREATE INDEX app_secret_by_app ON app_secret (app_id, id);

CREATE TABLE installation (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    app_id BIGINT NOT NULL,
    how TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX installation_by_app ON installation (app_id, tenant_id, how);

-- Codes and families are found by what a client presents, before the tenant is known.
CREATE TABLE authorization_code (
    hash {bytes} NOT NULL PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    family_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT,
    doc TEXT NOT NULL
);
CREATE INDEX authorization_code_by_grant ON authorization_code (grant_id);

CREATE TABLE token_family (
    id BIGINT NOT NULL PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    selector {bytes} NOT NULL,
    verifier {bytes} NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    revoked_at BIGINT,
    doc TEXT NOT NULL
);
CREATE UNIQUE INDEX token_family_by_selector ON token_family (selector);
CREATE INDEX token_family_by_grant ON token_family (grant_id);

CREATE TABLE "user" (
    id BIGINT NOT NULL PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    email TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    version BIGINT NOT NULL,
    doc TEXT NOT NULL
);
CREATE UNIQUE INDEX user_by_email ON "user" (email);

CREATE TABLE employee (
    tenant_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX employee_by_user ON employee (user_id, tenant_id);

CREATE TABLE session (
    hash {bytes} NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX session_by_user ON session (user_id);

CREATE TABLE password_reset (
    tenant_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    hash {bytes} NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tried_at BIGINT,
    mailed_at BIGINT,
    doc TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX password_reset_by_hash ON password_reset (hash);
CREATE INDEX password_reset_by_user ON password_reset (user_id);
CREATE INDEX password_reset_waiting ON password_reset (created_at) WHERE mailed_at IS NULL;
