// What Prometheus' text format 0.0.4 says, taken apart, and what is wrong with a text of it.
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

class Exposition
{
  public:
    explicit Exposition(const std::string &text)
    {
        std::istringstream in(text);
        std::string line;
        if (!text.empty() && text.back() != '\n')
            Complain("the last line has no end");
        while (std::getline(in, line))
            Take(line);
        for (const auto &[family, type] : types_)
            if (!seen_.count(family))
                Complain(family + " has a type and no sample");
        CheckHistograms();
    }

    // A line for each mistake.
    const std::string &mistakes() const { return mistakes_; }
    // By name and labels as they stand there.
    const std::map<std::string, std::string> &samples() const { return samples_; }
    std::string value(const std::string &sample) const
    {
        auto found = samples_.find(sample);
        return found == samples_.end() ? "there is none" : found->second;
    }
    std::string type(const std::string &family) const
    {
        auto found = types_.find(family);
        return found == types_.end() ? "" : found->second;
    }
    bool is_counter(const std::string &sample) const
    {
        std::string name = sample.substr(0, sample.find('{'));
        return type(name) == "counter" || (type(Family(name)) == "histogram" && type(name).empty());
    }

  private:
    void Complain(const std::string &what) { mistakes_ += what + "\n"; }

    std::string Family(const std::string &name) const
    {
        for (const char *suffix : {"_bucket", "_sum", "_count"}) {
            size_t n = name.size() - std::min(name.size(), std::string(suffix).size());
            auto found = types_.find(name.substr(0, n));
            if (name.substr(n) == suffix && found != types_.end() && found->second == "histogram")
                return name.substr(0, n);
        }
        return name;
    }

    void Take(const std::string &line)
    {
        static const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)"),
            kind("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)"),
            sample("([a-zA-Z_:][a-zA-Z0-9_:]*)"
                   "(\\{[a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\\\n]|\\\\[\\\\\"n])*\""
                   "(,[a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\\\n]|\\\\[\\\\\"n])*\")*\\})? "
                   "([-+]?[0-9.]+([eE][-+]?[0-9]+)?)");
        std::smatch m;
        if (std::regex_match(line, m, help)) {
            if (!helped_.insert(m[1]).second)
                Complain("help twice: " + line);
        } else if (std::regex_match(line, m, kind)) {
            TakeType(m[1], m[2]);
        } else if (std::regex_match(line, m, sample)) {
            TakeSample(m[1], std::string(m[1]) + std::string(m[2]), m[6]);
        } else {
            Complain("no line of the format: " + line);
        }
    }

    void TakeType(const std::string &family, const std::string &type)
    {
        if (!types_.emplace(family, type).second)
            Complain("typed twice: " + family);
        if (!helped_.count(family))
            Complain("no help: " + family);
        bool total = family.size() > 6 && family.substr(family.size() - 6) == "_total";
        if (total != (type == "counter"))
            Complain("a counter ends with _total, and nothing else does: " + family);
        current_ = family;
    }

    void TakeSample(const std::string &name, const std::string &whole, const std::string &value)
    {
        if (Family(name) != current_)
            Complain("not with its family: " + whole);
        if (!samples_.emplace(whole, value).second)
            Complain("twice: " + whole);
        seen_.insert(Family(name));
    }

    // Buckets never go down, and the last is the count.
    void CheckHistograms()
    {
        static const std::regex bucket("(.*)_bucket\\{(.*),le=\"([^\"]*)\"\\}");
        std::map<std::string, std::map<double, double>> buckets;
        for (const auto &[sample, value] : samples_) {
            std::smatch m;
            if (std::regex_match(sample, m, bucket))
                buckets[std::string(m[1]) + "_count{" + std::string(m[2]) + "}"][std::stod(m[3])] = std::stod(value);
        }
        for (const auto &[count, list] : buckets) {
            double before = 0;
            for (const auto &[bound, value] : list) {
                if (value < before)
                    Complain("buckets go down: " + count);
                before = value;
            }
            if (value(count) == "there is none" || std::stod(value(count)) != before)
                Complain("the last bucket is not the count: " + count);
        }
    }

    std::string mistakes_, current_;
    std::map<std::string, std::string> types_, samples_;
    std::set<std::string> helped_, seen_;
};

#endif
