/*
 * auth_roles.c - what each role and each scope of a key may: the one table.
 *
 * What it is:   a row per role over `enum may`; every route names the one thing that it needs.
 * Promises:     nothing else in the program asks for a role by name to decide what is allowed.
 * Threads:      constants.
 */
#include "server/auth_int.h"

#include <string.h>

#define BIT(may) (UINT64_C(1) << (may))

/* clang-format off */
static const struct {
	const char *name;
	uint64_t may;
} ROLES[ROLE_N] = {
	[ROLE_ADMINISTRATOR] = { "administrator", BIT(MAY_SIGNED_IN) | BIT(MAY_READ) | BIT(MAY_WORK) |
				 BIT(MAY_MARKET) | BIT(MAY_IMPORT) | BIT(MAY_CONFIGURE) |
				 BIT(MAY_ADMINISTER) },
	[ROLE_OPERATIONS]    = { "operations",    BIT(MAY_SIGNED_IN) | BIT(MAY_READ) | BIT(MAY_WORK) |
				 BIT(MAY_MARKET) | BIT(MAY_IMPORT) | BIT(MAY_CONFIGURE) },
	[ROLE_MARKETING]     = { "marketing",     BIT(MAY_SIGNED_IN) | BIT(MAY_READ) | BIT(MAY_WORK) |
				 BIT(MAY_MARKET) | BIT(MAY_IMPORT) },
	[ROLE_SALES]         = { "sales",         BIT(MAY_SIGNED_IN) | BIT(MAY_READ) | BIT(MAY_WORK) },
	[ROLE_READ_ONLY]     = { "read-only",     BIT(MAY_SIGNED_IN) | BIT(MAY_READ) },
};

/* Keys are no users: none may what MAY_SIGNED_IN guards (passwords, sessions). */
static const struct {
	const char *name;
	enum may may;
} SCOPES[] = {
	{ "read",       MAY_READ },
	{ "work",       MAY_WORK },
	{ "market",     MAY_MARKET },
	{ "import",     MAY_IMPORT },
	{ "configure",  MAY_CONFIGURE },
	{ "administer", MAY_ADMINISTER },
	{ "collect",    MAY_COLLECT },
};
/* clang-format on */

const char *role_name(enum role role)
{
	CHECK(role < ROLE_N);
	return ROLES[role].name;
}

uint64_t role_may(enum role role)
{
	CHECK(role < ROLE_N);
	return ROLES[role].may;
}

bool role_find(str name, enum role *role_r, err *e)
{
	for (size_t i = 0; i < ROLE_N; i++) {
		if (str_eq(name, str_of(ROLES[i].name))) {
			*role_r = (enum role)i;
			return true;
		}
	}
	return err_set(e, ERR_INVALID,
		       "a role is one of administrator, operations, marketing, sales, read-only, "
		       "not \"%.*s\"",
		       STR_ARG(name));
}

bool scope_find(str name, uint64_t *may_r, err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(SCOPES); i++) {
		if (str_eq(name, str_of(SCOPES[i].name))) {
			*may_r = BIT(SCOPES[i].may);
			return true;
		}
	}
	return err_set(e, ERR_INVALID,
		       "a scope is one of read, work, market, import, configure, administer, "
		       "collect, not \"%.*s\"",
		       STR_ARG(name));
}

const char *scope_at(uint64_t may, size_t i)
{
	for (size_t k = 0; k < ARRAY_LEN(SCOPES); k++) {
		if ((may & BIT(SCOPES[k].may)) != 0 && i-- == 0)
			return SCOPES[k].name;
	}
	return NULL;
}
