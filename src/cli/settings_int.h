/*
 * settings_int.h - DIR/trichter.yaml: what holds for this data directory on this machine.
 *
 * What it is:   a handful of named values with a default each; the file changes them, a variable
 *               TRICHTER_NAME changes them once more.
 * Promises:     an unknown name or a value that cannot be read is an error with its line.
 */
#ifndef TRICHTER_CLI_SETTINGS_INT_H
#define TRICHTER_CLI_SETTINGS_INT_H

#include "base/buf.h"

#define SETTINGS_FILE "trichter.yaml"

enum setting_id {
	SETTING_ZONE,
	SETTING_MEMORY_MAX,
	SETTING_LISTEN,
	SETTING_TRUSTED_PROXIES,
	SETTING_CONNECTIONS_MAX,
	SETTING_CONNECTIONS_PER_CLIENT_MAX,
	SETTING_ACCESS_LOG,
	SETTING_TAIL_TOUCHES,
	SETTINGS_N
};
enum setting_access_log { SETTING_LOG_API, SETTING_LOG_ALL, SETTING_LOG_OFF };
enum setting_origin { SETTING_DEFAULT, SETTING_FILE, SETTING_ENVIRONMENT };

struct setting {
	const char *name;
	const char *variable;
	const char *help;
	str value; /* as text */
	enum setting_origin origin;
};

struct settings {
	struct setting all[SETTINGS_N];
	size_t memory_max; /* bytes */
	size_t connections_max, connections_per_client_max;
	enum setting_access_log access_log;
	uint64_t tail_touches;
};

void settings_init(struct settings *s);
/* Reads DIR/trichter.yaml (none: defaults) and the environment, and sets the zone. Texts live in
 * the arena. */
bool settings_read(struct settings *s, const char *dir, struct arena *a, err *e) MUST_CHECK;
/* Whether a file of this text could be read. */
bool settings_check(str text, struct arena *a, err *e) MUST_CHECK;
const struct setting *settings_find(const struct settings *s, str name);
/* Checks one value and writes the file anew with it. The other lines stay as they are. */
bool settings_write(const char *dir, str name, str value, struct arena *a, err *e) MUST_CHECK;
/* Writes the file of a new directory; one that is there stays. */
bool settings_make(const char *dir, str zone, err *e) MUST_CHECK;
/* The file of a new directory: every setting with its default and what it is for. */
void settings_put_file(struct buf *b, str zone);
const char *setting_origin_name(enum setting_origin origin);

#endif
