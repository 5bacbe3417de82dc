"""A Magento 2 store on one machine.

`[store 3.2]` in this package names a section of docs/store-rules.md, which lists every rule that is followed here.
Amounts are integers, in cents of their currency; quantities are integers, in hundredths; tax rates are integers, in
thousandths of a per cent. Times are seconds since the epoch.
"""
