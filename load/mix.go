package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"telltale/internal/nearest"
)

// Deed is a kind of transaction.
type Deed struct {
	// Name is how mixes and records call it: lower case, with hyphens.
	Name string
	// Doc says in a sentence what is done.
	Doc string
	// Weight is how often it is done in the default mix, as a share of the sum.
	// Deeds of weight 0 are done only where a mix names them.
	Weight int
}

// Share is a deed in a mix.
type Share struct {
	Deed string
	// Weight is at least 1.
	Weight int
}

// Mix is what a load is made of, in the order of the target's deeds.
type Mix []Share

// defaultMix is the name that stands for the default weights in a mix.
const defaultMix = "default"

// ParseMix reads a mix of the given deeds: name=weight, separated by commas. The
// word default stands for the default weights, which later items change; a weight
// of 0 leaves a deed out. Empty is default.
func ParseMix(text string, deeds []Deed) (Mix, error) {
	if text == "" {
		text = defaultMix
	}
	weights := map[string]int{}
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == defaultMix {
			for _, d := range deeds {
				weights[d.Name] = d.Weight
			}
			continue
		}
		name, weight, err := parseShare(item, deeds)
		if err != nil {
			return nil, fmt.Errorf("read the mix %q: %w", text, err)
		}
		weights[name] = weight
	}
	var mix Mix
	for _, d := range deeds {
		if weights[d.Name] > 0 {
			mix = append(mix, Share{d.Name, weights[d.Name]})
		}
	}
	if len(mix) == 0 {
		return nil, fmt.Errorf("read the mix %q: it leaves nothing to do", text)
	}
	return mix, nil
}

// maxWeight keeps sums of weights far from overflow.
const maxWeight = 1_000_000

func parseShare(item string, deeds []Deed) (string, int, error) {
	name, text, ok := strings.Cut(item, "=")
	if !ok {
		return "", 0, fmt.Errorf("%q is not name=weight", item)
	}
	weight, err := strconv.Atoi(text)
	if err != nil || weight < 0 || weight > maxWeight {
		return "", 0, fmt.Errorf("the weight of %s is %q, want a whole number up to %d", name, text, maxWeight)
	}
	if slices.ContainsFunc(deeds, func(d Deed) bool { return d.Name == name }) {
		return name, weight, nil
	}
	names := make([]string, len(deeds))
	for i, d := range deeds {
		names[i] = d.Name
	}
	if guess := nearest.Of(name, names); guess != "" {
		return "", 0, fmt.Errorf("unknown deed %q; did you mean %s?", name, guess)
	}
	return "", 0, fmt.Errorf("unknown deed %q; known: %s", name, strings.Join(names, ", "))
}

// String is the mix as ParseMix reads it.
func (m Mix) String() string {
	items := make([]string, len(m))
	for i, s := range m {
		items[i] = fmt.Sprintf("%s=%d", s.Deed, s.Weight)
	}
	return strings.Join(items, ",")
}

func (m Mix) total() (sum int) {
	for _, s := range m {
		sum += s.Weight
	}
	return sum
}

// at is the deed at a place among all weights, from 0 to their sum.
func (m Mix) at(place int) string {
	for _, s := range m {
		if place -= s.Weight; place < 0 {
			return s.Deed
		}
	}
	return m[len(m)-1].Deed
}
