/*
 * cli_secret_int.h - a password from whoever runs the command.
 */
#ifndef TRICHTER_CLI_SECRET_INT_H
#define TRICHTER_CLI_SECRET_INT_H

#include "cli/cli_int.h"
#include "server/auth.h"

/* With --password-stdin the first line of standard input; else asked for twice on the terminal,
 * not shown. In the arena. */
bool secret_read(struct cli *c, const struct args *a, str *secret_r, err *e) MUST_CHECK;

/* Users and keys of the data directory, here or at the server that has it. */
struct access {
	struct journal *journal;
	struct auth *auth;
};
bool access_open(struct cli *c, struct access *x, err *e) MUST_CHECK;
void access_close(struct access *x);
/* A table as --format says; `key` names the rows in JSON. */
bool access_print(struct cli *c, const struct args *a, const struct table *t, const char *key,
		  err *e) MUST_CHECK;

#endif
