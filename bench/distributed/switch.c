// A network with a delay and a rate for Linux kernels without netem. Each network namespace that the arguments name has a TUN device
// `shaped`. What leaves or reaches it is limited to the rate, in frames of an Ethernet, and takes the delay: a switch that never
// drops. Standard input has lines "MICROSECONDS BITS_PER_SECOND"; each is answered by a line. It ends with standard input.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PORTS = 64, FRAME = 14, LARGEST = 2048 };

struct packet {
  struct packet *next;
  long long due;
  int length;
  unsigned char bytes[LARGEST];
};

// Nanoseconds: when the link of a port is free in each direction. The packets that will reach it are in the order of their times.
static struct {
  int fd;
  long long out, in;
  struct packet *first, *last;
} ports[PORTS];
static int count;
static long long delay;
static double perByte;
static struct packet *unused;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int openPort(const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/var/run/netns/%s", name);
  int space = open(path, O_RDONLY);
  if (space < 0 || setns(space, CLONE_NEWNET) < 0) fail(path);
  close(space);
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "shaped");
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) fail("/dev/net/tun");
  return fd;
}

static long long later(long long a, long long b) { return a > b ? a : b; }

// Takes a packet that leaves a port.
static int take(int from) {
  struct packet *p = unused ? unused : malloc(sizeof *p);
  unused = unused ? unused->next : NULL;
  p->length = read(ports[from].fd, p->bytes, LARGEST);
  p->next = NULL;
  // IPv4: the last byte of the destination is the number of the port, from 1.
  int to = p->length >= 20 && p->bytes[0] >> 4 == 4 ? p->bytes[19] - 1 : -1;
  if (p->length <= 0 || to < 0 || to >= count) {
    p->next = unused;
    unused = p;
    return p->length > 0;
  }
  long long taken = (p->length + FRAME) * perByte;
  ports[from].out = later(now(), ports[from].out) + taken;
  ports[to].in = p->due = later(ports[from].out + delay, ports[to].in + taken);
  if (ports[to].first) ports[to].last->next = p;
  else ports[to].first = p;
  ports[to].last = p;
  return 1;
}

// Delivers what is due. Returns the time of the next packet, or -1.
static long long deliver(void) {
  long long next = -1;
  for (int i = 0; i < count; i++) {
    struct packet *p;
    while ((p = ports[i].first) && p->due <= now()) {
      if (write(ports[i].fd, p->bytes, p->length) < 0) perror("write");
      ports[i].first = p->next;
      p->next = unused;
      unused = p;
    }
    if (p && (next < 0 || p->due < next)) next = p->due;
  }
  return next;
}

int main(int argc, char **argv) {
  struct sched_param priority = {.sched_priority = 50};
  sched_setscheduler(0, SCHED_FIFO, &priority); // else other programs delay packets
  count = argc - 1;
  if (count > PORTS) return 1;
  struct pollfd polled[PORTS + 1] = {{.fd = 0, .events = POLLIN}};
  for (int i = 0; i < count; i++) polled[i + 1] = (struct pollfd){ports[i].fd = openPort(argv[i + 1]), POLLIN, 0};
  puts("ready");
  fflush(stdout);
  for (;;) {
    long long next = deliver();
    long long wait = next < 0 ? 1000000000LL : later(0, next - now());
    struct timespec limit = {wait / 1000000000LL, wait % 1000000000LL};
    ppoll(polled, count + 1, &limit, NULL);
    for (int i = 0; i < count; i++)
      if (polled[i + 1].revents)
        for (int k = 0; k < 64 && take(i); k++) {
        }
    if (polled[0].revents) {
      char line[100];
      long long microseconds, rate;
      if (!fgets(line, sizeof line, stdin)) return 0;
      if (sscanf(line, "%lld %lld", &microseconds, &rate) != 2) return 1;
      delay = microseconds * 1000;
      perByte = rate > 0 ? 8e9 / rate : 0;
      puts("shaped");
      fflush(stdout);
    }
  }
}
