"""From Magento's JSON to the snapshots of `schemas`: pure, one file for each kind of thing."""
