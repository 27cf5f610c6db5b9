/*
 * cli_secret.c - a password from whoever runs the command; opening users and keys.
 *
 * Promises:     a password is never shown, nor taken from the command line, where others see it.
 * Threads:      one at a time.
 */
#include "cli/cli_secret_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define SECRET_BYTES_MAX (4 * KIB)

/* One line of a descriptor, without its end. */
static bool line_read(int fd, char text[SECRET_BYTES_MAX], size_t *n_r, err *e)
{
	size_t n = 0;
	for (;;) {
		char c;
		ssize_t got = read(fd, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set_errno(e, ERR_IO, errno, "cannot read the password");
		if (got == 0 || c == '\n')
			break;
		if (n == SECRET_BYTES_MAX)
			return err_set(e, ERR_INVALID, "the password is too long");
		text[n++] = c;
	}
	*n_r = n > 0 && text[n - 1] == '\r' ? n - 1 : n;
	return true;
}

static bool line_ask(int tty, const char *prompt, char text[SECRET_BYTES_MAX], size_t *n_r, err *e)
{
	struct termios before, quiet;
	if (tcgetattr(tty, &before) != 0)
		return err_set_errno(e, ERR_IO, errno, "cannot ask on the terminal");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (dprintf(tty, "%s", prompt) < 0 || tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
		return err_set_errno(e, ERR_IO, errno, "cannot ask on the terminal");
	bool ok = line_read(tty, text, n_r, e);
	tcsetattr(tty, TCSAFLUSH, &before);
	dprintf(tty, "\n");
	return ok;
}

static bool ask_twice(char text[SECRET_BYTES_MAX], size_t *n_r, err *e)
{
	char again[SECRET_BYTES_MAX];
	size_t again_n = 0;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty < 0)
		return err_set(e, ERR_INVALID,
			       "there is no terminal to ask on: --password-stdin reads it from "
			       "standard input");
	bool ok = line_ask(tty, "Password: ", text, n_r, e) &&
		  line_ask(tty, "Once more: ", again, &again_n, e);
	close(tty);
	if (ok && (*n_r != again_n || memcmp(text, again, again_n) != 0))
		ok = err_set(e, ERR_INVALID, "the two differ; nothing is changed");
	explicit_bzero(again, sizeof again);
	return ok;
}

bool secret_read(struct cli *c, const struct args *a, str *secret_r, err *e)
{
	char text[SECRET_BYTES_MAX];
	size_t n = 0;
	bool ok = args_on(a, "password-stdin") ? line_read(STDIN_FILENO, text, &n, e)
					       : ask_twice(text, &n, e);
	if (ok)
		*secret_r = str_dup(&c->arena, str_make(text, n));
	explicit_bzero(text, sizeof text);
	return ok && (!c->arena.over || arena_err(&c->arena, e));
}

bool access_open(struct cli *c, struct access *x, err *e)
{
	const struct auth_options o = { .dir = c->data };
	*x = (struct access){ 0 };
	if (!journal_join(c->data, &x->journal, e))
		return false;
	if (auth_open(x->journal, &o, &x->auth, e))
		return true;
	journal_close(&x->journal);
	return false;
}

void access_close(struct access *x)
{
	auth_close(&x->auth);
	journal_close(&x->journal);
}

bool access_print(struct cli *c, const struct args *a, const struct table *t, const char *key,
		  err *e)
{
	enum format format = FORMAT_TABLE;
	struct json_writer w;
	if (!args_format(a, &format, e))
		return false;
	if (format == FORMAT_CSV) {
		table_put_csv(t, true, &c->out);
	} else if (format == FORMAT_JSON) {
		json_writer_init(&w, &c->out, false);
		json_object_open(&w);
		json_key(&w, str_of(key));
		json_array_open(&w);
		table_put_json(t, &w);
		json_array_close(&w);
		json_object_close(&w);
		buf_byte(&c->out, '\n');
	} else {
		table_put_text(t, &c->term, &c->arena, &c->out);
	}
	return true;
}
