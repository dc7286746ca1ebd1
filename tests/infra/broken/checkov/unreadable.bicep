param a string = {{ // wants: checkov cannot read it
