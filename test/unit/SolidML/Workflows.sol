// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPipe, InferenceQuery} from "../../../contracts/interfaces/IPipe.sol";
import {IWorkflowScheduler} from "../../../contracts/solidml/IWorkflowScheduler.sol";

/// Does at each run what it is told to.
contract FakeWorkflow {
    enum Act {
        Succeed,
        Fail,
        Miss,
        ReturnMuch,
        FailMuch,
        ComeBack
    }

    Act public act;
    uint256 public runs;
    address public owner;

    error Broken(uint256 number);

    function tell(Act act_, address owner_) external {
        (act, owner) = (act_, owner_);
    }

    function run() external {
        ++runs;
        if (act == Act.Fail) revert Broken(42);
        if (act == Act.Miss) revert IPipe.InferenceRequired(tx.origin, address(this), new InferenceQuery[](0));
        if (act == Act.ComeBack) IWorkflowScheduler(msg.sender).runTask(owner, address(this));
        if (act == Act.ReturnMuch) {
            assembly {
                return(0, 500000)
            }
        }
        if (act == Act.FailMuch) {
            assembly {
                revert(0, 500000)
            }
        }
    }
}
