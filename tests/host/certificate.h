// A fresh certificate that vouches for itself, for tests of TLS.
#pragma once

#include <cstdio>
#include <doctest/doctest.h>
#include <memory>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string>

namespace norn::host {

inline void make_certificate(const std::string& certificate_file, const std::string& key_file) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
  REQUIRE(key != nullptr);
  REQUIRE(certificate != nullptr);
  constexpr long kDay = 86'400;  // seconds
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kDay);
  X509_set_pubkey(certificate.get(), key.get());
  REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);

  const auto open = [](const std::string& path) {
    return std::unique_ptr<FILE, int (*)(FILE*)>(std::fopen(path.c_str(), "w"), std::fclose);
  };
  REQUIRE(PEM_write_X509(open(certificate_file).get(), certificate.get()) == 1);
  REQUIRE(PEM_write_PrivateKey(open(key_file).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

}  // namespace norn::host
