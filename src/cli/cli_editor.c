/*
 * cli_editor.c - a text in the user's editor.
 *
 * Promises:     what is edited is a copy beside nothing of value; the caller decides what becomes
 * of the result. Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *editor_name(void)
{
	static const char *const variables[] = { "VISUAL", "EDITOR" };
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *name = getenv(variables[i]);
		if (name != NULL && name[0] != '\0')
			return name;
	}
	return "vi";
}

/* The editor may be "code --wait": the shell takes it apart; the file is never part of its text. */
static bool editor_wait(const char *path, err *e)
{
	const char *editor = editor_name();
	pid_t pid = fork();
	if (pid < 0)
		return err_set_errno(e, ERR_IO, errno, "cannot start %s", editor);
	if (pid == 0) {
		if (setenv("TRICHTER_EDITOR", editor, 1) == 0)
			execl("/bin/sh", "sh", "-c", "eval \"$TRICHTER_EDITOR\" '\"$1\"'", "sh",
			      path, (char *)NULL);
		_exit(127);
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_set_errno(e, ERR_IO, errno, "cannot wait for %s", editor);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_INVALID, "%s failed; nothing is changed", editor);
	return true;
}

static bool write_whole(int fd, str text, err *e)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(e, ERR_IO, errno, "cannot write a temporary file");
		text = str_sub(text, (size_t)n, text.n);
	}
	return true;
}

bool editor_run(struct cli *c, const char *kind, str before, str *after_r, err *e)
{
	char path[64] = "/tmp/trichter-XXXXXX.";
	size_t n = strlen(path);
	CHECK(n + strlen(kind) < sizeof path);
	memcpy(path + n, kind, strlen(kind) + 1);
	int fd = mkstemps(path, (int)strlen(kind) + 1);
	if (fd < 0)
		return err_set_errno(e, ERR_IO, errno, "cannot make a temporary file");
	struct buf b;
	buf_init(&b, MIB);
	bool ok = write_whole(fd, before, e);
	close(fd);
	ok = ok && editor_wait(path, e) && fs_read_all(fs_real(), path, MIB, &b, e);
	if (ok) {
		*after_r = str_dup(&c->arena, buf_view(&b));
		ok = after_r->p != NULL || b.n == 0 || arena_err(&c->arena, e);
	}
	buf_fini(&b);
	unlink(path);
	return ok;
}
