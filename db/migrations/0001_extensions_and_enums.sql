-- Extensions and the enumerated types everything else is written in.
--
-- citext is required. uuid-ossp and pgcrypto are created where the server offers them; where it does not
-- (many managed and embedded servers), uuid_generate_v4() is defined on the built-in generator, so that
-- column defaults read the same everywhere. Nothing in the product calls pgcrypto.

CREATE EXTENSION IF NOT EXISTS citext;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp') THEN
        CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
    ELSIF NOT EXISTS (SELECT FROM pg_proc WHERE proname = 'uuid_generate_v4') THEN
        CREATE FUNCTION uuid_generate_v4() RETURNS uuid
            LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT gen_random_uuid()';
    END IF;
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pgcrypto') THEN
        CREATE EXTENSION IF NOT EXISTS pgcrypto;
    END IF;
END
$$;

CREATE TYPE conversation_type AS ENUM ('DM', 'GROUP');
CREATE TYPE participant_role AS ENUM ('OWNER', 'ADMIN', 'MEMBER');
CREATE TYPE message_type AS ENUM
    ('TEXT', 'IMAGE', 'VIDEO', 'AUDIO', 'FILE', 'LOCATION', 'CONTACT', 'SYSTEM', 'STICKER', 'GIF');
CREATE TYPE delivery_status AS ENUM ('PENDING', 'SENT', 'DELIVERED', 'READ');
CREATE TYPE privacy_setting AS ENUM ('EVERYONE', 'CONTACTS', 'NOBODY');
CREATE TYPE theme_mode AS ENUM ('SYSTEM', 'LIGHT', 'DARK');
CREATE TYPE language_code AS ENUM ('en', 'es', 'fr', 'de', 'pt', 'ru', 'hi', 'zh', 'ar', 'ja');
CREATE TYPE post_policy AS ENUM ('ALL', 'ADMINS');

-- Keeps updated_at true for any writer. A statement that sets the column itself is left alone, and so is every
-- statement of a transaction that says `SET LOCAL sentinal.clock = 'application'`: there the application's
-- clock decides, also that a row stays as old as it was, and a replay of the command log makes the same rows.
CREATE FUNCTION fn_update_timestamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at
       AND current_setting('sentinal.clock', true) IS DISTINCT FROM 'application' THEN
        NEW.updated_at = NOW();
    END IF;
    RETURN NEW;
END;
$$;
