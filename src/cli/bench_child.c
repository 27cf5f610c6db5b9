/*
 * bench_child.c - servers in processes of their own, so that their CPU time is told apart.
 *
 * Threads:      one.
 */
#include "cli/bench_client_int.h"

#include "base/num.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_WAIT_US (60 * US_PER_S)
#define STEP_US	      20000

/* The child's standard output comes back through `out_r`; NULL: it goes nowhere. */
static bool start(char *const argv[], pid_t *pid_r, int *out_r, err *e)
{
	int ends[2];
	if (pipe(ends) != 0)
		return err_set_errno(e, ERR_IO, errno, "pipe");
	pid_t pid = fork();
	if (pid == 0) {
		/* Ends with us, however we end. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_set_errno(e, ERR_IO, errno, "fork");
	}
	*pid_r = pid;
	if (out_r != NULL)
		*out_r = ends[0];
	else
		close(ends[0]);
	return true;
}

/* "Serving DIR on http://127.0.0.1:PORT" */
static bool port_read(int fd, unsigned *port_r, err *e)
{
	char text[1024];
	size_t n = 0;
	while (n < sizeof text - 1) {
		ssize_t got = read(fd, text + n, sizeof text - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = '\0';
		const char *at = strstr(text, "http://127.0.0.1:");
		const char *end = at != NULL ? strchr(at, '\n') : NULL;
		if (end != NULL && sscanf(at, "http://127.0.0.1:%u", port_r) == 1)
			return true;
	}
	return err_set(e, ERR_IO, "the server did not start");
}

bool child_serve(const char *data, struct child *c, err *e)
{
	char self[] = "/proc/self/exe", option[] = "--data", serve[] = "serve";
	char listen[] = "--listen", address[] = "127.0.0.1:0", dir[4096];
	char *const argv[] = { self, option, dir, serve, listen, address, NULL };
	int out;
	snprintf(dir, sizeof dir, "%s", data);
	if (!start(argv, &c->pid, &out, e))
		return false;
	bool ok = port_read(out, &c->port, e);
	close(out);
	return ok;
}

static int connect_to(unsigned port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = connect(fd, (struct sockaddr *)&to, sizeof to);
	close(fd);
	return result;
}

static unsigned free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
		  getsockname(fd, (struct sockaddr *)&at, &n) == 0;
	close(fd);
	return ok ? ntohs(at.sin_port) : 0;
}

static const char *nginx_path(void)
{
	static const char *const PATHS[] = { "/usr/sbin/nginx", "/usr/local/sbin/nginx",
					     "/usr/local/nginx/sbin/nginx", "/usr/bin/nginx" };
	for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
		if (access(PATHS[i], X_OK) == 0)
			return PATHS[i];
	}
	return NULL;
}

static bool nginx_configure(const char *path, const char *dir, unsigned port, err *e)
{
	FILE *f = fopen(path, "w");
	if (f == NULL)
		return err_set_errno(e, ERR_IO, errno, "%s", path);
	fprintf(f,
		"daemon off; master_process off; pid %s/nginx.pid; error_log %s/nginx.log crit;\n"
		"worker_rlimit_nofile 4096; events { worker_connections 2048; }\n"
		"http { access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;\n"
		"client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f;\n"
		"uwsgi_temp_path %s/u; scgi_temp_path %s/s;\n"
		"server { listen 127.0.0.1:%u; location / { return 204; } } }\n",
		dir, dir, dir, dir, dir, dir, dir, port);
	return fclose(f) == 0 || err_set_errno(e, ERR_IO, errno, "%s", path);
}

bool child_nginx(const char *dir, struct child *c, err *e)
{
	char program[256], flag[] = "-c", config[4096];
	char *const argv[] = { program, flag, config, NULL };
	const char *path = nginx_path();
	if (path == NULL)
		return err_set(e, ERR_NOT_FOUND, "nginx is not installed");
	snprintf(program, sizeof program, "%s", path);
	snprintf(config, sizeof config, "%.4000s/nginx.conf", dir);
	c->port = free_port();
	if (!nginx_configure(config, dir, c->port, e) || !start(argv, &c->pid, NULL, e))
		return false;
	for (int64_t waited = 0; waited < START_WAIT_US; waited += STEP_US) {
		if (connect_to(c->port) == 0)
			return true;
		if (waitpid(c->pid, NULL, WNOHANG) == c->pid) {
			c->pid = 0;
			break;
		}
		usleep(STEP_US);
	}
	return err_set(e, ERR_IO, "nginx did not start");
}

void child_end(struct child *c)
{
	if (c->pid <= 0)
		return;
	kill(c->pid, SIGTERM);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	c->pid = 0;
}

bool child_cpu_us(const struct child *c, int64_t *us_r, err *e)
{
	clockid_t clock;
	struct timespec ts;
	int failed = clock_getcpuclockid(c->pid, &clock);
	if (failed != 0 || clock_gettime(clock, &ts) != 0)
		return err_set(e, ERR_IO, "the server's CPU time cannot be read");
	*us_r = (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
	return true;
}

bool child_memory(const struct child *c, uint64_t *bytes_r, err *e)
{
	char path[64], line[256];
	unsigned long long kib = 0;
	snprintf(path, sizeof path, "/proc/%d/status", (int)c->pid);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return err_set_errno(e, ERR_IO, errno, "%s", path);
	while (fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "RssAnon: %llu kB", &kib) == 1)
			break;
	}
	fclose(f);
	*bytes_r = kib * KIB;
	return true;
}
