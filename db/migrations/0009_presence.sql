-- Of whom users.is_online says yes: read every few seconds to correct it when a server has died.
CREATE INDEX idx_users_online ON users (id) WHERE is_online;
