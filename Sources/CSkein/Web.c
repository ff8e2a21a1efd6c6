#define _GNU_SOURCE
#include "CSkein.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/sock_diag.h>
#include <locale.h>
#include <pthread.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// -------------------------------------------------------------------------------------------------
// Files

// Component by component, without following any symbolic link.
int skein_open_without_links(int folder, const char *path) {
  char name[256];
  int place = folder;
  while (true) {
    const char *end = strchrnul(path, '/');
    size_t length = (size_t)(end - path);
    const bool is_last = *end == 0;
    int next = -ENOENT;
    if (length > 0 && length < sizeof name) {
      memcpy(name, path, length);
      name[length] = 0;
      if (strcmp(name, "..") == 0) {
        next = -EXDEV;
      } else {
        const int flags = is_last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;
        next = openat(place, name, flags | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0) next = -errno;
      }
    }
    if (place != folder) close(place);
    if (next < 0 || is_last) return next;
    place = next;
    path = end + 1;
  }
}

int skein_open_beneath(int folder, const char *path) {
  struct open_how how = {
      .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
  for (int attempt = 0; attempt < 8; attempt++) {
    long descriptor = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (descriptor >= 0) return (int)descriptor;
    if (errno == ENOSYS || errno == EPERM) return skein_open_without_links(folder, path);
    // Something was renamed on the way, so that the system can not be sure.
    if (errno != EAGAIN && errno != EINTR) return -errno;
  }
  return -EAGAIN;
}

// -------------------------------------------------------------------------------------------------
// Dates

static locale_t english;
static pthread_once_t english_once = PTHREAD_ONCE_INIT;

static void make_english(void) { english = newlocale(LC_TIME_MASK, "C", (locale_t)0); }

bool skein_read_date(const char *text, const char *format, int64_t *seconds) {
  pthread_once(&english_once, make_english);
  struct tm parts = {0};
  const char *end = strptime_l(text, format, &parts, english);
  if (end == NULL || *end != 0) return false;
  *seconds = timegm(&parts);
  return true;
}

size_t skein_write_date(int64_t seconds, const char *format, char *text, size_t capacity) {
  pthread_once(&english_once, make_english);
  time_t time = seconds;
  struct tm parts;
  return gmtime_r(&time, &parts) == NULL ? 0 : strftime_l(text, capacity, format, &parts, english);
}

// -------------------------------------------------------------------------------------------------
// Who is at the other end

// One question and one answer of the kernel's (sock_diag(7)): nothing is gone through.
int skein_tcp_owner(
    const char *address, uint16_t port, const char *peer_address, uint16_t peer_port, uid_t *user) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 question;
  } request = {
      .header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
      .question = {.sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U}};
  const int family = strchr(address, ':') ? AF_INET6 : AF_INET;
  struct inet_diag_sockid *id = &request.question.id;
  request.question.sdiag_family = (__u8)family;
  id->idiag_sport = htons(port);
  id->idiag_dport = htons(peer_port);
  id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (inet_pton(family, address, id->idiag_src) != 1 || inet_pton(family, peer_address, id->idiag_dst) != 1)
    return -EINVAL;

  const int link = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (link < 0) return -errno;
  union {
    struct nlmsghdr header;
    char bytes[4096];
  } reply;
  int result = -EPROTO;
  if (send(link, &request, sizeof request, 0) < 0) {
    result = -errno;
  } else {
    const ssize_t count = recv(link, &reply, sizeof reply, 0);
    if (count < 0) {
      result = -errno;
    } else if (NLMSG_OK(&reply.header, (size_t)count)) {
      if (reply.header.nlmsg_type == NLMSG_ERROR) {
        result = ((struct nlmsgerr *)NLMSG_DATA(&reply.header))->error;
      } else if (reply.header.nlmsg_type == SOCK_DIAG_BY_FAMILY) {
        *user = ((struct inet_diag_msg *)NLMSG_DATA(&reply.header))->idiag_uid;
        result = 0;
      }
    }
  }
  close(link);
  return result;
}
