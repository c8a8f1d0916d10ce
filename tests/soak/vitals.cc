#include "vitals.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace soak
{

namespace
{

std::string proc(pid_t pid, const char *file)
{
    return "/proc/" + std::to_string(pid) + "/" + file;
}

// A line of /proc/PID/status; empty if the process is gone.
std::string status_of(pid_t pid, const std::string &key)
{
    std::ifstream status(proc(pid, "status"));
    for (std::string line; std::getline(status, line);)
        if (line.rfind(key + ":", 0) == 0)
            return line.substr(line.find_first_not_of(" \t", key.size() + 1));
    return "";
}

long private_kib(pid_t pid)
{
    std::string value = status_of(pid, "RssAnon");
    return value.empty() ? 0 : std::stol(value);
}

long open_files(pid_t pid)
{
    std::error_code gone;
    long n = 0;
    for (std::filesystem::directory_iterator i(proc(pid, "fd"), gone), end; !gone && i != end; i.increment(gone))
        n++;
    return n;
}

void add_children(pid_t pid, bool are_workers, std::vector<Process> &to)
{
    std::ifstream list(proc(pid, ("task/" + std::to_string(pid) + "/children").c_str()));
    for (pid_t child; list >> child;) {
        std::ifstream comm(proc(child, "comm"));
        std::string name;
        std::getline(comm, name);
        to.push_back({child, pid, name, are_workers});
    }
}

} // namespace

std::vector<Process> descendants(pid_t host)
{
    std::vector<Process> found;
    add_children(host, false, found);
    for (size_t i = 0, servers = found.size(); i < servers; i++)
        add_children(found[i].pid, true, found);
    return found;
}

Vitals vitals_of(pid_t host)
{
    Vitals v;
    v.host_files = open_files(host);
    v.host_kib = private_kib(host);
    for (const Process &p : descendants(host)) {
        v.processes++;
        v.zombies += status_of(p.pid, "State").rfind('Z', 0) == 0;
        (p.is_worker ? v.worker_files : v.server_files) += open_files(p.pid);
        long &most = p.is_worker ? v.worker_kib : v.server_kib;
        most = std::max(most, private_kib(p.pid));
    }
    return v;
}

namespace
{

std::string whole(const std::string &path)
{
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string output_of(const std::string &command)
{
    std::string text;
    FILE *f = popen(command.c_str(), "r");
    char buffer[512];
    while (f && fgets(buffer, sizeof buffer, f))
        text += buffer;
    if (f)
        pclose(f);
    return text;
}

} // namespace

std::string doings_of(pid_t host)
{
    std::vector<pid_t> pids = {host};
    std::string text;
    for (const Process &p : descendants(host))
        pids.push_back(p.pid);
    for (pid_t pid : pids) {
        std::string at = "/proc/" + std::to_string(pid) + "/", status = whole(at + "status");
        text += std::to_string(pid) + " " + whole(at + "comm") + status.substr(status.find("State:"), 24) +
                "\nsystem call " + whole(at + "syscall") + whole(at + "stack");
        text += output_of("gdb -p " + std::to_string(pid) + " -batch -ex bt 2>/dev/null | grep '^#'") + "\n";
    }
    return text;
}

} // namespace soak
