// A terminal that a program runs in, and that the test types into and looks at: tmux, with a server of its own.
#ifndef TERMINAL_H
#define TERMINAL_H

#include <functional>
#include <string>

#include "shell.h"

class Terminal
{
  public:
    // The command line goes to a shell, whose environment `environment` adds to: "TERM=vt100 NO_COLOR=1".
    Terminal(const Folder &folder, const std::string &command, int columns, int rows,
             const std::string &environment = "")
        : folder_(folder)
    {
        folder_.write("command",
                      "export LC_ALL=C.UTF-8 " + environment + "\n" + command + "\necho \"left with $?\"; exec cat\n");
        const Outcome o = Tmux("-u -f /dev/null new-session -d -x " + std::to_string(columns) + " -y " +
                               std::to_string(rows) + " sh command \\; set -g status off");
        EXPECT_EQ(o.status, 0) << o.output;
    }
    Terminal(const Terminal &) = delete;
    Terminal &operator=(const Terminal &) = delete;
    ~Terminal() { Tmux("kill-server"); }

    // Words as tmux names keys: "Down", "Enter", "q".
    void Type(const std::string &keys) { Tmux("send-keys " + keys); }

    void Resize(int columns, int rows)
    {
        Tmux("resize-window -x " + std::to_string(columns) + " -y " + std::to_string(rows));
    }

    std::string Shown() { return Tmux("capture-pane -p").output; }
    std::string ShownWithEscapes() { return Tmux("capture-pane -p -e").output; }
    // Rows that wrapped are one line here.
    std::string ShownUnwrapped() { return Tmux("capture-pane -p -J").output; }

    // Looks again and again until that is so; "" then, else what was on the screen at last.
    std::string Becomes(const std::function<bool(const std::string &)> &wanted)
    {
        std::string last;
        for (int i = 0; i < 3000; i++)
            if (wanted(last = Shown()))
                return "";
        return last + "\n(that is what was shown at last)";
    }

    std::string Shows(const std::string &text)
    {
        return Becomes([&](const std::string &shown) { return shown.find(text) != std::string::npos; });
    }

  private:
    Outcome Tmux(const std::string &command)
    {
        return folder_.run("unset TMUX; tmux -S tmux-" + std::to_string(number_) + " " + command + " 2>&1");
    }

    // A server that goes is in the way of another at its socket.
    static inline int count_ = 0;
    const int number_ = ++count_;
    const Folder &folder_;
};

#endif
