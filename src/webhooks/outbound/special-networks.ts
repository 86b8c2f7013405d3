// Networks that are not simply the internet, and what each is. IANA's registries of special-purpose addresses
// (RFC 6890) and the addresses by which clouds hand out credentials to whoever asks from within.

import { type IpNetwork, networkOf } from "../../core/ip-address.ts";

/** `never`: nothing is sent there, whatever the settings say. */
export type AddressKind = "public" | "private" | "loopback" | "never";

export interface SpecialNetwork {
  readonly network: IpNetwork;
  readonly kind: AddressKind;
  /** What an address in it is, as in "it is …". */
  readonly name: string;
}

const special = (text: string, kind: AddressKind, name: string): SpecialNetwork => ({
  network: networkOf(text),
  kind,
  name,
});

/** The first that holds an address counts. */
export const specialNetworks: readonly SpecialNetwork[] = [
  // Alibaba Cloud: alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
  special("100.100.100.200", "never", "Alibaba Cloud's metadata service"),
  special("fd00:100::100:200", "never", "Alibaba Cloud's metadata service"),
  // Azure: learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  special("168.63.129.16", "never", "Azure's host agent"),
  // AWS: metadata ::254, credentials of EKS pods ::23, its name servers ::253.
  // docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html, …/eks/latest/userguide/pod-id-how-it-works.html
  special("fd00:ec2::/32", "never", "AWS's metadata service"),
  // Google Cloud: cloud.google.com/compute/docs/metadata/querying-metadata
  special("fd20:ce::254", "never", "Google Cloud's metadata service"),
  // Oracle Cloud: oracle/oci-python-sdk, src/oci/auth/signers/instance_principals_security_token_signer.py
  special("fd00:c1::a9fe:a9fe", "never", "Oracle Cloud's metadata service"),
  // Scaleway: cloudinit.readthedocs.io/en/latest/reference/datasources/scaleway.html
  special("fd00:42::42", "never", "Scaleway's metadata service"),
  // Akamai (Linode): techdocs.akamai.com/cloud-computing/docs/overview-of-the-metadata-service
  special("fd00:a9fe:a9fe::1", "never", "Linode's metadata service"),
  // RFC 3927. Here are the metadata services of AWS, Azure, Google, Oracle, DigitalOcean, OpenStack (169.254.169.254),
  // of ECS (169.254.170.2), EKS (169.254.170.23), Scaleway (169.254.42.42) and Tencent (169.254.0.23).
  special("169.254.0.0/16", "never", "link-local, where cloud metadata is"),
  // RFC 4291 §2.5.6. OpenStack's metadata service is fe80::a9fe:a9fe.
  special("fe80::/10", "never", "link-local"),
  // RFC 6890 §2.2.2. Linux connects 0.0.0.0 to itself.
  special("0.0.0.0/8", "never", "unspecified"),
  special("::/128", "never", "unspecified"),
  // RFC 6890 §2.2.2; 192.0.0.192 is the metadata service of Oracle Cloud Classic.
  special("192.0.0.0/24", "never", "reserved for protocols"),
  // RFC 5771, RFC 4291 §2.7.
  special("224.0.0.0/4", "never", "multicast"),
  special("ff00::/8", "never", "multicast"),
  // RFC 919 §7, RFC 1112 §4.
  special("255.255.255.255", "never", "broadcast"),
  special("240.0.0.0/4", "never", "reserved"),
  // RFC 1122 §3.2.1.3, RFC 4291 §2.5.3.
  special("127.0.0.0/8", "loopback", "loopback"),
  special("::1", "loopback", "loopback"),
  // RFC 1918.
  special("10.0.0.0/8", "private", "private"),
  special("172.16.0.0/12", "private", "private"),
  special("192.168.0.0/16", "private", "private"),
  // RFC 6598: behind a provider's NAT; Tailscale's too.
  special("100.64.0.0/10", "private", "private"),
  // RFC 2544: for benchmarks within a network.
  special("198.18.0.0/15", "private", "private"),
  // RFC 4193; RFC 3879, its predecessor.
  special("fc00::/7", "private", "private"),
  special("fec0::/10", "private", "private"),
];

/** All of IPv6 that is given out for the internet: iana.org/assignments/ipv6-address-space. */
export const globalIpv6: IpNetwork = networkOf("2000::/3");
