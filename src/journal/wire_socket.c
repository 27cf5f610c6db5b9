/*
 * wire_socket.c - DIR/sock, and whole frames over it.
 *
 * What it is:   a local stream socket that only the directory's owner may use. It is reached
 * through /proc/self/fd, since a socket's path may hold a hundred bytes only. Threads:      any; a
 * descriptor belongs to one at a time.
 */
#include "journal/wire_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

static bool address_of(const char *dir, int *dir_fd_r, struct sockaddr_un *address, err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set_errno(e, ERR_IO, errno, "%s", dir);
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/" WIRE_SOCKET_NAME,
		 fd);
	*dir_fd_r = fd;
	return true;
}

static bool bind_and_listen(int fd, int dir_fd, const struct sockaddr_un *address)
{
	(void)unlinkat(dir_fd, WIRE_SOCKET_NAME, 0);
	/* The socket's own permissions from its first moment on: a umask would be the whole
	 * process's. */
	return fchmod(fd, 0600) == 0 &&
	       bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 &&
	       fchmodat(dir_fd, WIRE_SOCKET_NAME, 0600, 0) == 0 && listen(fd, BACKLOG) == 0;
}

bool wire_listen(const char *dir, int *fd_r, err *e)
{
	struct sockaddr_un address;
	int dir_fd;
	if (!address_of(dir, &dir_fd, &address, e))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind_and_listen(fd, dir_fd, &address);
	int why = errno;
	close(dir_fd);
	if (ok) {
		*fd_r = fd;
		return true;
	}
	if (fd >= 0)
		close(fd);
	return err_set_errno(e, ERR_IO, why, "%s/" WIRE_SOCKET_NAME, dir);
}

bool wire_connect(const char *dir, int *fd_r, err *e)
{
	struct sockaddr_un address;
	int dir_fd;
	if (!address_of(dir, &dir_fd, &address, e))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
	int why = errno;
	close(dir_fd);
	if (ok) {
		*fd_r = fd;
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (why == ENOENT || why == ECONNREFUSED)
		return err_set(e, ERR_NOT_FOUND, "no server has %s", dir);
	return err_set_errno(e, ERR_IO, why, "%s/" WIRE_SOCKET_NAME, dir);
}

/* *n_r smaller than n: the other end closed in between. */
static bool read_all(int fd, char *p, size_t n, size_t *n_r, err *e)
{
	size_t done = 0;
	while (done < n) {
		ssize_t k = recv(fd, p + done, n - done, 0);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_set_errno(e, ERR_IO, errno, "the socket of the server");
		if (k == 0)
			break;
		done += (size_t)k;
	}
	*n_r = done;
	return true;
}

bool wire_read(int fd, struct buf *frame, bool *more_r, err *e)
{
	uint8_t head[4];
	size_t n;
	buf_clear(frame);
	*more_r = false;
	if (!read_all(fd, (char *)head, sizeof head, &n, e))
		return false;
	if (n == 0)
		return true;
	if (n < sizeof head)
		return err_set(e, ERR_IO, "the other end closed in mid-sentence");
	uint32_t bytes = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 |
			 (uint32_t)head[3] << 24;
	if (bytes > WIRE_FRAME_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "a frame of %u bytes is too large", bytes);
	char *room = buf_room(frame, bytes);
	if (bytes && !room)
		return err_nomem(e);
	if (!read_all(fd, room, bytes, &n, e))
		return false;
	if (n < bytes)
		return err_set(e, ERR_IO, "the other end closed in mid-sentence");
	frame->n += bytes;
	*more_r = true;
	return true;
}

bool wire_write(int fd, str bytes, err *e)
{
	for (size_t done = 0; done < bytes.n;) {
		ssize_t k = send(fd, bytes.p + done, bytes.n - done, MSG_NOSIGNAL);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_set_errno(e, ERR_IO, errno, "the socket of the server");
		done += (size_t)k;
	}
	return true;
}
