/* The floor of fan-out: accepts sockets on 127.0.0.1, and for every byte on stdin writes one frame to each of them, one
 * write a frame. Run: fanout_floor FRAME_BYTES; prints its port. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static int sockets[65536];

int main(int count, char **arguments) {
    int size = count > 1 ? atoi(arguments[1]) : 304, connected = 0, one = 1;
    char *frame = malloc(size), commands[64], inbound[4096];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct epoll_event event = {.events = EPOLLIN}, events[256];
    int listener = socket(AF_INET, SOCK_STREAM, 0), loop = epoll_create1(0);

    memset(frame, 'x', size);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    event.data.fd = listener;
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = STDIN_FILENO;
    epoll_ctl(loop, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    for (;;) {
        int ready = epoll_wait(loop, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int accepted = accept(listener, NULL, NULL);
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event.data.fd = sockets[connected++] = accepted;
                epoll_ctl(loop, EPOLL_CTL_ADD, accepted, &event);
            } else if (fd == STDIN_FILENO) {
                int some = read(STDIN_FILENO, commands, sizeof commands);
                if (some <= 0) return 0;
                for (int k = 0; k < some; k++)
                    for (int each = 0; each < connected; each++)
                        if (write(sockets[each], frame, size) != size) return 2;
            } else if (read(fd, inbound, sizeof inbound) <= 0) {
                epoll_ctl(loop, EPOLL_CTL_DEL, fd, NULL);
            }
        }
    }
}
