#include "base/network.h"

#include <gtest/gtest.h>

namespace allauth {
namespace {

IpAddress address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(IpAddress());
}

TEST(IpAddress, IsOneHoweverItIsWritten) {
  EXPECT_EQ(address("192.0.2.1"), address("::ffff:192.0.2.1"));
  EXPECT_EQ(address("2001:db8::1"), address("2001:0DB8:0:0:0:0:0:1"));
  EXPECT_EQ(address("::ffff:192.0.2.1").text(), "192.0.2.1");
  EXPECT_EQ(address("2001:DB8:0::1").text(), "2001:db8::1");
  for (auto local : {"127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(address(local).is_loopback()) << local;
  for (auto other : {"128.0.0.1", "::2", "::", "0.0.0.0"})
    EXPECT_FALSE(address(other).is_loopback()) << other;
}

TEST(IpAddress, TakesNothingElse) {
  for (std::string_view text :
       {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4:80", "[::1]",
        "fe80::1%eth0", "::1/128", "1::2::3", "12345::", "localhost", "0x7f000001", "2130706433"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(IpAddress::parse(std::string(1000, '1')));
}

TEST(Networks, HoldWhatTheyName) {
  struct Case {
    std::string_view list;
    std::vector<std::string_view> inside, outside;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"10.0.0.0/8", {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"}, {"11.0.0.0", "9.9.9.9", "::1"}},
           {"192.0.2.128/25", {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127"}},
           {"192.0.2.1", {"192.0.2.1"}, {"192.0.2.2", "unix"}},
           {"::ffff:10.0.0.0/104", {"10.1.2.3"}, {"11.0.0.1"}},
           {"0.0.0.0/0", {"1.2.3.4", "255.255.255.255"}, {"::1", "2001:db8::1"}},
           {"::/0", {"::1", "2001:db8::1"}, {"1.2.3.4", "::ffff:1.2.3.4"}},
           {"fd00::/8", {"fd12::1", "fdff::"}, {"fe00::", "fc00::1"}},
           {"fe80::/10", {"fe80::1%eth0", "febf::1"}, {"fec0::1"}},
           {"loopback", {"127.0.0.1", "127.9.9.9", "::1"}, {"10.0.0.1", "unix"}},
           {"unix", {"unix"}, {"127.0.0.1"}},
           {" 10.0.0.1 ,, loopback ", {"10.0.0.1", "::1"}, {"10.0.0.2"}},
           {"", {}, {"127.0.0.1", "unix", ""}}}) {
    const auto networks = Networks::parse(c.list);
    ASSERT_TRUE(networks) << c.list;
    for (auto peer : c.inside) EXPECT_TRUE(networks->contains(peer)) << peer << " in " << c.list;
    for (auto peer : c.outside) EXPECT_FALSE(networks->contains(peer)) << peer << " in " << c.list;
    EXPECT_EQ(networks->empty(), c.inside.empty()) << c.list;
  }
}

TEST(Networks, AreNotGuessedAt) {
  for (std::string_view list :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.1.0.0/8", "10/8", "fd00::1/8",
        "::/129", "localhost", "Loopback", "10.0.0.0 - 10.0.0.9", "*"}) {
    const auto refused = Networks::parse(list);
    ASSERT_FALSE(refused) << list;
    EXPECT_EQ(refused.error().reason, Reason("network.invalid"));
    EXPECT_NE(refused.error().message.find(list), std::string::npos) << refused.error().message;
  }
}

TEST(Customer, is_an_ipv4_address_or_the_network_of_an_ipv6_address) {
  EXPECT_EQ(customer_of("192.0.2.1"), customer_of("::ffff:192.0.2.1"));
  EXPECT_NE(customer_of("192.0.2.1"), customer_of("192.0.2.2"));
  EXPECT_EQ(customer_of("2001:db8:0:1::1"), customer_of("2001:db8:0:1:ffff::9%eth0"));
  EXPECT_NE(customer_of("2001:db8:0:1::1"), customer_of("2001:db8:0:2::1"));
  EXPECT_EQ(customer_of("unix"), std::nullopt);
}

}  // namespace
}  // namespace allauth
