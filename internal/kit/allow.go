package kit

import (
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
)

// environments are where things run, in the order of a release.
var environments = []string{"dev", "staging", "prod"}

// Allow renders a NetworkPolicy that lets a network in, or a service out.
type Allow struct {
	Service     string   `required:"" help:"Name of the service."`
	Network     string   `required:"" help:"Address or network, such as 198.51.100.0/24."`
	Port        int      `default:"443" help:"TCP port."`
	Direction   string   `default:"in" help:"in lets the network reach the service, out lets the service reach the network."`
	Environment string   `default:"dev" help:"dev, staging or prod."`
	Inside      []string `placeholder:"NETWORK" help:"Network of our own, which a rule must not open; may be given several times."`
	Into        string   `default:"." help:"Directory to write the manifest into."`
}

// Allowed is what was rendered. File is absolute.
type Allowed struct {
	File      string   `json:"file"`
	Objects   []string `json:"objects"`
	Network   string   `json:"network"`   // as it was read, without host bits
	Addresses string   `json:"addresses"` // how many it covers, in words
	First     string   `json:"first"`
	Last      string   `json:"last"`
}

func (a *Allow) run(out io.Writer) error {
	made, err := a.Render()
	if err != nil {
		return err
	}
	return printJSON(out, made)
}

// Render writes the manifest after it has passed the checks. Doing it again
// writes the same file.
func (a *Allow) Render() (Allowed, error) {
	network, err := parseNetwork(a.Network)
	switch {
	case err != nil:
		return Allowed{}, err
	case !serviceName.MatchString(a.Service):
		return Allowed{}, fmt.Errorf("%q cannot be the name of a service: write 3 to 31 lower-case letters, digits and hyphens", a.Service)
	case a.Port < 1 || a.Port > maxPort:
		return Allowed{}, fmt.Errorf("a port is a number from 1 to %d, not %d", maxPort, a.Port)
	case a.Direction != "in" && a.Direction != "out":
		return Allowed{}, fmt.Errorf("there is no direction %q: write in or out", a.Direction)
	case !slices.Contains(environments, a.Environment):
		return Allowed{}, fmt.Errorf("there is no environment %q: write dev, staging or prod", a.Environment)
	case network.Addr().IsLoopback() || network.Addr().IsLinkLocalUnicast() || network.Addr().IsMulticast() || network.Addr().IsUnspecified():
		return Allowed{}, fmt.Errorf("%s is no network of somebody else", network)
	case network.Bits() < widest(network):
		return Allowed{}, fmt.Errorf("%s is too wide for a rule: the widest is a /%d", network, widest(network))
	}
	for _, text := range a.Inside {
		inside, err := parseNetwork(text)
		if err != nil {
			return Allowed{}, err
		}
		if inside.Overlaps(network) {
			return Allowed{}, fmt.Errorf("%s lies in %s, a network of our own: services there call each other by name", network, inside)
		}
	}
	slug := strings.NewReplacer(".", "-", ":", "-", "/", "-").Replace(strings.ReplaceAll(network.String(), "::", "-0"))
	values := struct {
		Name, Service, Network, Environment string
		Port                                int
		In                                  bool
	}{fmt.Sprintf("%s-%s-%s", a.Service, a.Direction, slug), a.Service, network.String(), a.Environment, a.Port, a.Direction == "in"}
	values.Name = strings.Trim(values.Name[:min(63, len(values.Name))], "-")
	source, err := fill("templates/manifest/networkpolicy.yaml.tmpl", values)
	if err != nil {
		return Allowed{}, fmt.Errorf("render the rule for %s: %w", network, err)
	}
	into, err := filepath.Abs(a.Into)
	if err != nil {
		return Allowed{}, fmt.Errorf("find the directory to write into: %w", err)
	}
	made := Allowed{
		File: filepath.Join(into, values.Name+".yaml"), Network: network.String(), Addresses: addresses(network),
		First: network.Addr().String(), Last: lastOf(network).String(),
	}
	var checked Checked
	checked.Objects, checked.Findings = checkManifest(made.File, source)
	if hasErrors(checked.Findings) {
		return Allowed{}, refused(checked)
	}
	made.Objects = checked.Objects
	if err := writeAll(into, map[string][]byte{made.File: source}); err != nil {
		return Allowed{}, fmt.Errorf("write the rule for %s: %w", network, err)
	}
	return made, nil
}

// parseNetwork reads an address or a network; bits behind its prefix are cut.
func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no network: write one such as 198.51.100.7 or 198.51.100.0/24", text)
	}
	return network.Masked(), nil
}

// widest is the shortest prefix that a rule may open: more than that is no
// partner but a part of the internet.
func widest(network netip.Prefix) int {
	if network.Addr().Is4() {
		return 16
	}
	return 32
}

// addresses is how many addresses a network has, in words.
func addresses(network netip.Prefix) string {
	switch free := network.Addr().BitLen() - network.Bits(); {
	case free == 0:
		return "1 address"
	case free < 31:
		return fmt.Sprintf("%d addresses", 1<<free)
	default:
		return fmt.Sprintf("2^%d addresses", free)
	}
}

func lastOf(network netip.Prefix) netip.Addr {
	bytes := network.Addr().AsSlice()
	for i := network.Bits(); i < len(bytes)*8; i++ {
		bytes[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}
