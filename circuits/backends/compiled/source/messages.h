// Messages between Python and the worker. Python's end is in messages.py. A message is a number, a kind and typed fields.
// It is sent in packets over a socket that keeps their borders. By its number, a message that was broken off in the middle,
// or an answer that nobody waits for any more, is distinguished from the next one.
#pragma once
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "waiting.h"

namespace recircuit {

enum class Kind : std::uint32_t {
    get = 1, set, load, label, table, seed, memory, run, profile, times, noise, restore, ping, stop, live, present, present_soon,
    answer = 64, error, progress, lost,
};
enum class Type : std::uint32_t { text = 1, whole, real, uint8, int32, int64, float32, float64, boolean };

inline std::size_t bytes_of(Type type) {
    switch (type) {
        case Type::int32: case Type::float32: return 4;
        case Type::whole: case Type::real: case Type::int64: case Type::float64: return 8;
        default: return 1;
    }
}

// The beginning of every packet: size is that of the whole message, and offset says where this packet's part lies in it.
struct Header {
    std::uint32_t magic, kind;
    std::uint64_t number, size, offset;
};
struct Field {
    std::uint32_t type, none;
    std::uint64_t bytes;
};
static_assert(sizeof(Header) == 32 && sizeof(Field) == 16, "no padding");

constexpr std::uint32_t magic = 0x31435252;  // "RRC1"
constexpr std::size_t part = 1 << 16;        // the most bytes of a message in one packet

// The fields of a message to send. Each begins at a multiple of 8 bytes.
class Fields {
  public:
    std::vector<char> body;
    char* add(Type type, std::size_t bytes) {
        const Field field{std::uint32_t(type), 0, bytes};
        const std::size_t at = body.size();
        body.resize(at + sizeof field + (bytes + 7) / 8 * 8);
        std::memcpy(&body[at], &field, sizeof field);
        return body.data() + at + sizeof field;
    }
    Fields& text(const std::string& value) {
        std::memcpy(add(Type::text, value.size()), value.data(), value.size());
        return *this;
    }
    Fields& whole(std::int64_t value) {
        std::memcpy(add(Type::whole, sizeof value), &value, sizeof value);
        return *this;
    }
};

// A message that has arrived: its fields are read one after the other, and each must have the type that the reader expects.
class Message {
  public:
    Kind kind{};
    std::uint64_t number = 0;
    std::vector<char> body;
    int file = -1;  // an open file that came with the message

    Message() = default;
    Message(Message&& other) noexcept { *this = std::move(other); }
    Message& operator=(Message&& other) noexcept {
        std::swap(kind, other.kind), std::swap(number, other.number), std::swap(body, other.body);
        std::swap(file, other.file), std::swap(at_, other.at_);
        return *this;
    }
    ~Message() {
        if (file >= 0) close(file);
    }

    bool more() const { return at_ < body.size(); }
    std::string text() {
        const auto found = next(Type::text);
        return std::string(found.first, found.second);
    }
    std::int64_t whole() { return value<std::int64_t>(Type::whole); }
    std::size_t count() {
        const std::int64_t found = whole();
        if (found < 0) throw std::runtime_error("a message holds a negative count");
        return std::size_t(found);
    }
    double real() { return value<double>(Type::real); }
    // Returns this number of values of a type.
    const void* array(Type type, std::size_t count) {
        const auto found = next(type);
        if (found.second != count * bytes_of(type))
            throw std::runtime_error("a message holds " + std::to_string(found.second / bytes_of(type)) +
                                     " values in place of " + std::to_string(count));
        return found.first;
    }
    void end() const {
        if (more()) throw std::runtime_error("a message is longer than its kind allows");
    }

  private:
    std::size_t at_ = 0;

    std::pair<const char*, std::size_t> next(Type type) {
        Field field;
        if (body.size() - at_ < sizeof field) throw std::runtime_error("a message is shorter than its kind asks for");
        std::memcpy(&field, &body[at_], sizeof field);
        const std::size_t left = body.size() - at_ - sizeof field;
        if (field.type != std::uint32_t(type))
            throw std::runtime_error("a message holds a field of type " + std::to_string(field.type) + " in place of " +
                                     std::to_string(std::uint32_t(type)));
        if (field.bytes > left) throw std::runtime_error("a message ends within a field");
        const char* begin = body.data() + at_ + sizeof field;
        at_ += sizeof field + std::min<std::size_t>(left, (field.bytes + 7) / 8 * 8);
        return {begin, std::size_t(field.bytes)};
    }
    template <class T>
    T value(Type type) {
        const auto found = next(type);
        if (found.second != sizeof(T)) throw std::runtime_error("a message holds a number of a wrong length");
        T result;
        std::memcpy(&result, found.first, sizeof result);
        return result;
    }
};

// The worker's end of the socket.
class Channel {
  public:
    explicit Channel(int socket) : socket_(socket), buffer_(sizeof(Header) + part) {}

    // Looks for the next message for this time, once, before it sleeps.
    void look(Nanoseconds patience) { patience_ = patience; }

    // Waits for a whole message and returns it. Broken off messages and late requests to stop are dropped.
    Message receive() {
        for (Message message;;) {
            Header header;
            int file = -1;
            const std::size_t length = packet(header, file);
            if (header.kind == std::uint32_t(Kind::stop)) {
                stop_ = header.number;
                continue;
            }
            if (header.offset == 0) {
                message = Message();
                message.kind = Kind(header.kind);
                message.number = header.number;
                message.file = std::exchange(file, -1);
            }
            if (file >= 0) close(file);
            if (header.number != message.number || header.offset != message.body.size()) continue;
            message.body.insert(message.body.end(), &buffer_[sizeof header], &buffer_[sizeof header] + length);
            if (message.body.size() == header.size) return message;
        }
    }

    // Returns whether work for a message may end early: Python has asked to stop it, or has sent another message.
    bool stopped(std::uint64_t number) {
        Header header;
        while (stop_ != number && recv(socket_, &header, sizeof header, MSG_DONTWAIT | MSG_PEEK) == sizeof header) {
            if (header.kind != std::uint32_t(Kind::stop)) return true;
            stop_ = header.number;
            recv(socket_, &header, sizeof header, MSG_DONTWAIT);
        }
        return stop_ == number;
    }

    void send(Kind kind, std::uint64_t number, const Fields& fields) {
        const std::vector<char>& body = fields.body;
        Header header{magic, std::uint32_t(kind), number, body.size(), 0};
        do {
            const std::size_t length = std::min(part, body.size() - std::size_t(header.offset));
            iovec pieces[] = {{&header, sizeof header}, {const_cast<char*>(body.data()) + header.offset, length}};
            msghdr packet{};
            packet.msg_iov = pieces, packet.msg_iovlen = 2;
            while (sendmsg(socket_, &packet, MSG_NOSIGNAL) < 0)
                if (errno != EINTR) std::_Exit(0);  // nobody is there
            header.offset += length;
        } while (header.offset < body.size());
    }

    // Returns when the other end is closed, or its process has ended.
    void wait_for_the_end() const {
        pollfd watched{socket_, 0, 0};
        while (poll(&watched, 1, -1) < 0 || !(watched.revents & (POLLHUP | POLLERR | POLLNVAL))) continue;
    }

  private:
    int socket_;
    std::vector<char> buffer_;
    std::uint64_t stop_ = 0;  // the message that was last asked to stop
    Nanoseconds patience_ = 0;

    // Reads the next packet into the buffer; returns the number of bytes after the header.
    std::size_t packet(Header& header, int& file) {
        iovec piece{buffer_.data(), buffer_.size()};
        alignas(cmsghdr) char beside[CMSG_SPACE(sizeof(int))];
        msghdr packet{};
        packet.msg_iov = &piece, packet.msg_iovlen = 1;
        packet.msg_control = beside, packet.msg_controllen = sizeof beside;
        ssize_t length = -1;
        const auto come = [&](int options) {
            length = recvmsg(socket_, &packet, MSG_CMSG_CLOEXEC | options);
            return length >= 0 || (errno != EAGAIN && errno != EINTR);
        };
        if (!patience_ || !spin(std::exchange(patience_, 0), [&] { return come(MSG_DONTWAIT); }))
            while (!come(0)) continue;
        if (length <= 0) std::_Exit(0);  // nobody is there
        if (const cmsghdr* control = CMSG_FIRSTHDR(&packet); control && control->cmsg_type == SCM_RIGHTS)
            std::memcpy(&file, CMSG_DATA(control), sizeof file);
        if (std::size_t(length) < sizeof header) throw std::runtime_error("a packet is too short to be a message");
        std::memcpy(&header, buffer_.data(), sizeof header);
        const std::size_t rest = std::size_t(length) - sizeof header;
        const bool fits = rest <= header.size && header.offset <= header.size - rest;
        if (header.magic != magic || packet.msg_flags & MSG_TRUNC || !fits || (!rest && header.size))
            throw std::runtime_error("a packet is not part of a message");
        return rest;
    }
};

}  // namespace recircuit
