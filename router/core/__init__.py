"""Pure decisions: values in, values out.

    model, request, why    the nouns, what is asked, a decision told
    asks                   what kind of work an ask is, how hard, in which language
    choosing               who may serve, in which order, and why
    attempts               the next attempt, a wait or the end; what must hold when one starts
    failures               what an answer means: class, action, who rests and how long
    health                 who rests and how that ends; what a deployment bears
    usage, money           tokens as counted; rates, costs, estimates, budgets
    answers                whether an answer is good enough, and where a poor one climbs
    reports                what a ledger says afterwards

Nothing in this package reads a clock, draws a number, opens a file or awaits. The moment it is, the chance
that was drawn and what the wire brought are all arguments. An import contract and a test at run time hold
this.
"""
