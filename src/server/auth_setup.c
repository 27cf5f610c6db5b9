/*
 * auth_setup.c - the first run: a token on the console makes the first administrator.
 *
 * Promises:     works once, only while there is nobody who could sign in, and not for long; a new
 *               start of the server makes a new token.
 * Threads:      any.
 */
#include "server/auth_actor_int.h"

#define SETUP_VALID_US (24 * 3600 * US_PER_S)

void setup_begin(struct auth *a, char token_r[TOKEN_TEXT_MAX])
{
	token_r[0] = '\0';
	mutex_lock(&a->lock);
	a->setup = (struct link){ 0 };
	if (a->users_n == 0) {
		token_make("", token_r, a->setup.hash);
		a->setup.expires_us = time_now_us() + SETUP_VALID_US;
	}
	mutex_unlock(&a->lock);
}

/* True once for the right token: nobody else can use it from then on. */
static bool setup_take(struct auth *a, str token, struct link *taken_r)
{
	mutex_lock(&a->lock);
	bool fits = token_is(token, a->setup.hash) && a->setup.expires_us > time_now_us() &&
		    a->users_n == 0;
	if (fits) {
		*taken_r = a->setup;
		a->setup = (struct link){ 0 };
	}
	mutex_unlock(&a->lock);
	return fits;
}

bool setup_use(struct auth *a, str token, const struct user *u, str password, uint64_t *id_r,
	       err *e)
{
	struct link taken;
	if (!setup_take(a, token, &taken))
		return err_set(e, ERR_DENIED,
			       "This link does not hold any more: start the server again for a "
			       "new one");
	if (auth_user_add(a, u, password, S("setup"), id_r, e))
		return true;
	/* A password that is too short is no reason to begin anew. */
	mutex_lock(&a->lock);
	a->setup = taken;
	mutex_unlock(&a->lock);
	return false;
}
